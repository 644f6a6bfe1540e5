import { AppError } from "../../errors/index.ts"

/** Runs at most `running_max` at a time; more than `waiting_max` waiting is refused. */
export function createSlots(running_max: number, waiting_max: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= running_max) {
      if (waiting.length >= waiting_max) {
        throw new AppError("unavailable", "Too many people sign in at this moment. Try again shortly.", {
          retryAfter_s: 5,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running += 1
    try {
      return await work()
    } finally {
      // The slot goes to the next in line without being free in between.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
