/** Time and waiting as an argument, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `delay_ms`; rejects with the signal's reason when aborted first. */
  sleep(delay_ms: number, signal?: AbortSignal): Promise<void>
}

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (delay_ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort)
        resolve()
      }, delay_ms)
      signal?.addEventListener("abort", onAbort, { once: true })
    }),
}

/** Between two log lines about what may happen with every request. */
const TELL_AGAIN_MS = 60_000

/** A gate for log lines: true for the first time, and then once a minute at most. */
export function createThrottle(clock: Pick<Clock, "now">): () => boolean {
  let openedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (clock.now() - openedAt < TELL_AGAIN_MS) return false
    openedAt = clock.now()
    return true
  }
}
