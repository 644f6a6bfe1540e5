import { bytesText, type VolumeUse } from "../../../../pod-protocol/index.ts"
import type { Reason, WorkloadRecord } from "../types.ts"
import { hintFor } from "./hints.ts"

const GIB = 1024 ** 3
/** Below this nothing can be written that is worth it; the same as in the pod's own programs. */
const FULL_BYTES = 8 * 1024 * 1024

interface Level {
  readonly code: "disk_low" | "disk_almost_full" | "disk_full"
  readonly words: string
  /** Part of the volume that is used. */
  readonly used_min: number
  /** A large volume is no worry as long as this much is free. */
  readonly freeBytes_max: number
}

const LEVELS: readonly Level[] = [
  { code: "disk_almost_full", words: "is almost full", used_min: 0.95, freeBytes_max: 2 * GIB },
  { code: "disk_low", words: "fills up", used_min: 0.8, freeBytes_max: 10 * GIB },
]

/**
 * What there is to say about the room on a session's volume, from the last report of this pod; null while there is
 * enough, or nothing is known. `podUid` null: of any pod.
 */
export function volumeReason(report: WorkloadRecord["report"], podUid: string | null): Reason | null {
  const volume = report !== null && (podUid === null || report.podUid === podUid) ? report.body.volume : undefined
  if (volume === undefined || volume.totalBytes === 0) return null
  const { totalBytes, freeBytes } = volume
  const used = totalBytes - freeBytes
  const level = isFull(volume)
    ? { code: "disk_full", words: "is full" }
    : LEVELS.find(({ used_min, freeBytes_max }) => used / totalBytes >= used_min && freeBytes < freeBytes_max)
  if (level === undefined) return null
  const message = `The session's volume ${level.words}: ${bytesText(used)} of ${bytesText(totalBytes)} used, ${bytesText(freeBytes)} free.`
  return { code: level.code, message, hint: hintFor(level.code) }
}

/** The reserve is given back only when nothing else was left: the volume is full until there is room to make it again. */
function isFull({ totalBytes, freeBytes, reserve }: VolumeUse): boolean {
  return freeBytes < FULL_BYTES || (!reserve && freeBytes < totalBytes / 10)
}
