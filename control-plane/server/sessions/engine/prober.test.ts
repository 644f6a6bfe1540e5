import { describe, expect, it, vi } from "vitest"
import { Secret } from "../../crypto/index.ts"
import { Prober } from "./prober.ts"

const target = { baseUrl: "http://127.0.0.1:4096", password: new Secret("x"), directory: "/workspace/repo" }

/** Time that passes when the test says so. */
function fakeClock() {
  let now = 0
  const sleepers = new Set<{ at: number; wake: () => void }>()
  return {
    now: () => now,
    sleep: (delay_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const sleeper = { at: now + delay_ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener("abort", () => reject(signal.reason))
      }),
    async pass(duration_ms: number) {
      const end = now + duration_ms
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        const next = [...sleepers].toSorted((a, b) => a.at - b.at)[0]
        if (next === undefined || next.at > end) break
        sleepers.delete(next)
        now = next.at
        next.wake()
      }
      now = end
    },
  }
}

describe("asking an agent whether it is there", () => {
  it("goes on while earlier questions hang, with a few of them open at most", async () => {
    const clock = fakeClock()
    const probe = vi.fn(() => new Promise<boolean>(() => {}))
    const prober = new Prober({ runtime: { probe }, clock, target, interval: () => 150, answered: () => {} })
    await clock.pass(10_000)
    expect(probe).toHaveBeenCalledTimes(4)
    prober.close()
  })

  it("tells the first answer although the question before it was never answered", async () => {
    const clock = fakeClock()
    const answered = vi.fn()
    let asked = 0
    const probe = () => (++asked === 1 ? new Promise<boolean>(() => {}) : Promise.resolve(asked >= 3))
    const prober = new Prober({ runtime: { probe }, clock, target, interval: () => 150, answered })
    await clock.pass(299)
    expect(answered).not.toHaveBeenCalled()
    await clock.pass(10)
    expect(answered).toHaveBeenCalledTimes(1)
    prober.close()
  })

  it("asks less often when it takes long, and nothing more once it is closed", async () => {
    const clock = fakeClock()
    const answered = vi.fn()
    const probe = vi.fn(async () => false)
    const interval = (elapsed_ms: number) => (elapsed_ms < 1_000 ? 100 : 1_000)
    const prober = new Prober({ runtime: { probe }, clock, target, interval, answered })
    await clock.pass(5_050)
    expect(probe.mock.calls.length).toBe(15)
    prober.close()
    probe.mockResolvedValue(true)
    await clock.pass(5_000)
    expect(probe.mock.calls.length).toBe(15)
    expect(answered).not.toHaveBeenCalled()
  })
})
