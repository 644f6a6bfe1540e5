import { setTimeout as pause } from "node:timers/promises"
import { Failure, messageOf } from "./failure.ts"

/**
 * Asks `probe` until it answers something other than `undefined` or `false`.
 * A probe that throws counts as "not yet"; its last words are part of the failure after `timeout_ms`.
 */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  options: { timeout_ms: number; every_ms?: number; hint?: string },
): Promise<T> {
  const deadline = Date.now() + options.timeout_ms
  let last = ""
  for (;;) {
    try {
      const answer = await probe()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      last = messageOf(error)
    }
    if (Date.now() >= deadline) {
      throw new Failure(`${what} did not happen within ${options.timeout_ms / 1000} s`, {
        hint: options.hint,
        output: last,
      })
    }
    await pause(options.every_ms ?? 200)
  }
}
