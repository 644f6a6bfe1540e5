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
