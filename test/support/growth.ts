const TRIES = 4
const TIMES_MORE = 4
/** Some kernels count CPU time in steps of this. */
const CLOCK_STEP_US = 5_000

/**
 * How the work for one input grows when the input is four times as long: about 4 in linear code, 16 in quadratic code. Measured
 * in CPU time of this thread, the least of several tries, so that other load on the machine does not count. `work` makes
 * the input of a size and returns what is measured; quadratic code should take more than 5 ms for the shorter input.
 */
export function growth(work: (size: number) => () => unknown, size: number): { ratio: number; cpu_ms: number } {
  const small_us = leastCpu(work(size))
  const large_us = leastCpu(work(size * TIMES_MORE))
  return { ratio: large_us / Math.max(small_us, CLOCK_STEP_US), cpu_ms: large_us / 1000 }
}

/** In linear code the ratio is 4; what the garbage collector and caches add stays far below quadratic code's 16. */
export const LINEAR_RATIO_MAX = 9

function leastCpu(run: () => unknown): number {
  const tries = Array.from({ length: TRIES }, () => {
    const before = process.threadCpuUsage()
    run()
    const { user, system } = process.threadCpuUsage(before)
    return user + system
  })
  return Math.min(...tries)
}
