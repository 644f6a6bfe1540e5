/** Why a workspace cannot be prepared, in a form for programs (`code`) and one for the person who waits (`message`). */
export class Failure extends Error {
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = "Failure"
    this.code = code
  }
}

export const FAILURE_CODES = [
  "broker_refused",
  "broker_unreachable",
  "clone_failed",
  "clone_not_found",
  "clone_ref_not_found",
  "clone_refused",
  "disk_full",
  "helper_failed",
  "host_unreachable",
  "workspace_failed",
] as const

export type FailureCode = (typeof FAILURE_CODES)[number]

/** Any error as a Failure; a full disk is recognised wherever it happens. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const message = error instanceof Error ? error.message : String(error)
  if ((error as NodeJS.ErrnoException | null)?.code === "ENOSPC") return diskFull(error)
  return new Failure("workspace_failed", `The workspace cannot be prepared: ${message}`, error)
}

/** The session's volume is full: the message says what to change. */
export function diskFull(cause?: unknown): Failure {
  return new Failure(
    "disk_full",
    "The session's volume is full. Give it more space (sessionVolume.storageSize).",
    cause,
  )
}
