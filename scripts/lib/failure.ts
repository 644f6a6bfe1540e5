/** A fault that a person can act on: what happened, what to do, and the last lines of the program that failed. */
export class Failure extends Error {
  readonly hint: string | undefined
  readonly output: string | undefined

  constructor(message: string, details: { hint?: string | undefined; output?: string | undefined } = {}) {
    super(message)
    this.name = "Failure"
    this.hint = details.hint
    this.output = details.output
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
