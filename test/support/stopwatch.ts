const tick_ms = 20
/** What is counted between two ticks; for what is more than that this process was not there. */
const counted_ms_max = 2 * tick_ms

/**
 * Starts measuring the time for which this process was given a processor when it wanted one: a machine that stands still is
 * not slowness of what is tested.
 * @returns a function that ends the measurement and returns it in milliseconds.
 */
export function startStopwatch(): () => number {
  let passed_ms = 0
  let last = performance.now()
  const tick = () => {
    const now = performance.now()
    passed_ms += Math.min(now - last, counted_ms_max)
    last = now
  }
  const timer = setInterval(tick, tick_ms)
  return () => {
    tick()
    clearInterval(timer)
    return passed_ms
  }
}
