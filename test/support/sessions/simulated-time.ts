import { setImmediate } from "node:timers/promises"
import type { Clock } from "../../../control-plane/server/time/index.ts"

interface Timer {
  readonly at: number
  readonly ring: () => void
}

/** So often everything that is due gets its turn before time goes on: code under test gives way to other work a few times. */
const TURNS = 4

/** Time that passes only when nothing is left to do: an hour takes a second, and the same story is the same each time. */
export class SimulatedTime implements Clock {
  #now = Date.UTC(2026, 0, 1)
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  sleep(delay_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = () => {
        this.#timers.delete(timer)
        reject(signal?.reason)
      }
      const ring = () => {
        signal?.removeEventListener("abort", stop)
        resolve()
      }
      const timer = { at: this.#now + Math.max(0, delay_ms), ring }
      this.#timers.add(timer)
      signal?.addEventListener("abort", stop, { once: true })
    })
  }

  /** Lets time pass until `work` is done; false when that takes longer than `limit_ms`. @throws what `work` does */
  async wait(work: Promise<unknown>, limit_ms: number): Promise<boolean> {
    let over = false
    const noted = work.finally(() => {
      over = true
    })
    noted.catch(() => undefined)
    if (!(await this.until(() => over, limit_ms))) return false
    await noted
    return true
  }

  /** Lets time pass until `done` says so; false when that takes longer than `limit_ms`. */
  async until(done: () => boolean, limit_ms: number): Promise<boolean> {
    const end = this.#now + limit_ms
    while (this.#now <= end) {
      for (let turn = 0; turn < TURNS; turn++) await setImmediate()
      if (done()) return true
      const next = [...this.#timers].reduce<Timer | null>(
        (first, one) => (first && first.at <= one.at ? first : one),
        null,
      )
      if (next === null) return false
      this.#timers.delete(next)
      this.#now = next.at
      next.ring()
    }
    return false
  }
}
