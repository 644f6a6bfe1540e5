export const DAY_MS = 24 * 3_600_000

/** The day (UTC) of a time in milliseconds since the epoch, as `2026-03-01`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
