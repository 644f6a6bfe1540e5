import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { type Api, ApiError } from "../api/client.ts"
import type { Outgoing } from "../transcript/rows/UserRow.tsx"
import { createOutbox } from "./outbox.ts"

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An outbox whose server answers as told; `attempts` has every request. */
function harness(kept: readonly Outgoing[] = [], storage = new Map<string, Outgoing>()) {
  for (const item of kept) storage.set(item.id, item)
  const attempts: string[] = []
  const stored: string[] = []
  let failure: ApiError | null = null
  let hold: Promise<void> | null = null
  let count = 0
  const api = {
    async request(_path: string, { body }: { body: { id: string; text: string } }) {
      attempts.push(body.id)
      await hold
      if (failure) throw failure
      stored.push(`${body.id} ${body.text}`)
    },
  } as unknown as Api
  const outbox = createOutbox({
    api,
    sessionId: "ses_1",
    newId: () => `msg_${(count += 1)}`,
    now: Date.now,
    storage: {
      kept: [...storage.values()],
      keep: (item) => void storage.set(item.id, item),
      forget: (id) => void storage.delete(id),
    },
  })
  return {
    outbox,
    attempts,
    stored,
    kept: () => [...storage.keys()],
    states: () => outbox.snapshot().map((item) => `${item.id} ${item.state}`),
    fail: (error: ApiError | null) => (failure = error),
    hold: (until: Promise<void> | null) => (hold = until),
  }
}

const unreachable = new ApiError({ status: 0, code: "unreachable", message: "No connection" })
const tooLong = new ApiError({ status: 413, code: "too_large", message: "Too long" })
const limited = new ApiError({ status: 429, code: "limit_reached", message: "Too many", retryAfter_s: 30 })
const settled = () => vi.advanceTimersByTimeAsync(0)
const item = (id: string, at: number): Outgoing => ({ id, text: id, state: "sending", error: null, at })

describe("prompts on their way", () => {
  test("go one after the other, in order", async () => {
    const { outbox, stored, states } = harness()
    outbox.send("one")
    outbox.send("two")
    await settled()
    expect(states()).toEqual(["msg_1 stored", "msg_2 stored"])
    expect(stored).toEqual(["msg_1 one", "msg_2 two"])
  })

  test("wait while the server cannot be reached, and go with the same id and in order when it is back", async () => {
    const { outbox, stored, states, fail } = harness()
    fail(unreachable)
    outbox.send("one")
    await settled()
    outbox.send("two")
    await settled()
    expect(states()).toEqual(["msg_1 waiting", "msg_2 sending"])
    fail(null)
    outbox.reconnected()
    await settled()
    expect(stored).toEqual(["msg_1 one", "msg_2 two"])
  })

  test("are tried again after 1 s, doubling to 30 s, without anything that happens meanwhile", async () => {
    const { outbox, attempts, fail } = harness()
    fail(unreachable)
    outbox.send("one")
    await settled()
    const waits: number[] = []
    for (let wait_s = 0, seen = attempts.length; waits.length < 7; wait_s += 1) {
      if (attempts.length > seen) {
        waits.push(wait_s)
        seen = attempts.length
        wait_s = 0
      }
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30])
  })

  test("are not tried before the server's Retry-After is over, also when the connection comes back", async () => {
    const { outbox, attempts, stored, fail } = harness()
    fail(limited)
    outbox.send("one")
    await settled()
    expect(outbox.snapshot()[0]).toMatchObject({ state: "waiting", error: "Too many" })
    for (let n = 0; n < 50; n += 1) {
      outbox.reconnected()
      outbox.arrived(new Set(["msg_other"]))
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(attempts).toEqual(["msg_1"])
    fail(null)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(stored).toEqual(["msg_1 one"])
  })

  test("go at once when a person asks for it", async () => {
    const { outbox, stored, fail } = harness()
    fail(limited)
    outbox.send("one")
    await settled()
    fail(null)
    outbox.retry("msg_1")
    await settled()
    expect(stored).toEqual(["msg_1 one"])
  })

  test("that were refused are not tried again by themselves, and hold nobody up", async () => {
    const { outbox, stored, states, fail } = harness()
    fail(tooLong)
    outbox.send("one")
    await settled()
    fail(null)
    outbox.send("two")
    outbox.reconnected()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(states()).toEqual(["msg_1 refused", "msg_2 stored"])
    outbox.retry("msg_1")
    await settled()
    expect(stored).toEqual(["msg_2 two", "msg_1 one"])
  })

  test("are kept over a reload until they are stored, and go in the order in which they were written", async () => {
    const { outbox, kept, stored, fail } = harness([item("msg_b", 2), item("msg_a", 1)])
    fail(unreachable)
    outbox.send("one")
    await settled()
    expect(kept()).toEqual(["msg_b", "msg_a", "msg_1"])
    fail(null)
    outbox.reconnected()
    await settled()
    expect(stored).toEqual(["msg_a msg_a", "msg_b msg_b", "msg_1 one"])
    expect(kept()).toEqual([])
    outbox.arrived(new Set(["msg_a", "msg_b", "msg_1"]))
    expect(outbox.snapshot()).toEqual([])
  })

  test("of two tabs do not overwrite one another in what is kept", async () => {
    const storage = new Map<string, Outgoing>()
    const one = harness([item("msg_a", 1)], storage)
    one.fail(unreachable)
    const two = harness([], storage)
    two.outbox.send("two")
    await settled()
    expect(two.stored).toEqual(["msg_a msg_a", "msg_1 two"])
    await vi.advanceTimersByTimeAsync(0)
    expect(one.states()).toEqual(["msg_a waiting"])
    one.outbox.send("mine")
    await settled()
    expect([...storage.values()].map(({ text }) => text)).toEqual(["mine"])
    one.outbox.goneElsewhere("msg_a")
    expect(one.states()).toEqual(["msg_1 sending"])
  })

  test("can be taken back while they wait, but not once they are on their way", async () => {
    const { outbox, stored, states, fail, hold } = harness()
    fail(unreachable)
    outbox.send("one")
    await settled()
    const answered = Promise.withResolvers<void>()
    hold(answered.promise)
    fail(null)
    outbox.reconnected()
    await settled()
    expect(outbox.discard("msg_1")).toBe(false)
    answered.resolve()
    await settled()
    expect(states()).toEqual(["msg_1 stored"])
    hold(null)
    fail(unreachable)
    outbox.send("two")
    await settled()
    expect(outbox.discard("msg_2")).toBe(true)
    fail(null)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(stored).toEqual(["msg_1 one"])
  })
})
