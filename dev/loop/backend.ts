/** What answers the UI's requests. */
export interface Backend {
  /** Base URL without a path. */
  readonly url: string
  readonly email: string
  readonly password: string
  stop(): Promise<void>
}
