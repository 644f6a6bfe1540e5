import { bytesText, type VolumeUse } from "../../pod-protocol/index.ts"

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

/** Any error as a Failure; a full disk is recognised wherever it happens, and told with `volume`'s numbers. */
export function asFailure(error: unknown, volume: VolumeUse | null = null): Failure {
  if (error instanceof Failure) return error.code === "disk_full" ? diskFull(volume, error) : error
  const message = error instanceof Error ? error.message : String(error)
  if (["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException | null)?.code ?? "")) return diskFull(volume, error)
  return new Failure("workspace_failed", `The workspace cannot be prepared: ${message}`, error)
}

/** The session's volume is full, with its numbers where they are known. */
export function diskFull(volume: VolumeUse | null, cause?: unknown): Failure {
  return new Failure("disk_full", `The session's volume is full${volume === null ? "" : numbersOf(volume)}.`, cause)
}

/** A clone that did not fit has been taken away again by the time that its volume is measured. */
function numbersOf({ totalBytes, freeBytes }: VolumeUse): string {
  const total = bytesText(totalBytes)
  if (freeBytes > totalBytes / 20)
    return `: what is to be written needs more than the ${bytesText(freeBytes)} that are free of ${total}`
  return `: ${bytesText(totalBytes - freeBytes)} of ${total} used`
}
