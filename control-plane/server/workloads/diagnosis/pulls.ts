/** What a node says of the image of one container of a pod. */
export interface PullEvent {
  /** Which container, as the kubelet names it. */
  readonly container: string
  readonly reason: string
  readonly message: string
  readonly at: number
}

const ENDS = ["Pulled", "Failed", "BackOff"]

/** Whether the event tells of an image that is being fetched, or of the end of that. */
export function isPullEvent(reason: string): boolean {
  return reason === "Pulling" || ENDS.includes(reason)
}

/**
 * Until when the node fetched images: `now` while it still does, null when it had nothing to fetch. Events have times in
 * whole seconds, and a repeated one keeps the time of its last repeat. Pure.
 */
export function pulledUntil(events: readonly PullEvent[], now: number): number | null {
  let until: number | null = null
  for (const begun of events.filter(({ reason }) => reason === "Pulling")) {
    const ends = events.filter(
      ({ container, reason, at }) => container === begun.container && ENDS.includes(reason) && at >= begun.at,
    )
    if (ends.length === 0) return now
    const fetched = ends.find(({ reason, message }) => reason === "Pulled" && message.startsWith("Successfully"))
    if (fetched !== undefined) until = Math.max(until ?? 0, fetched.at)
  }
  return until
}
