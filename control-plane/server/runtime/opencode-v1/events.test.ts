import { Readable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import { expect, test } from "vitest"
import { readEvents } from "./events.ts"
import { RATES } from "./limits.ts"

/** Reads a stream of these events, and returns for how long the reader paused. */
async function pausesFor(events: readonly string[]): Promise<number> {
  let paused_ms = 0
  let now = 0
  const clock = {
    now: () => now,
    // The watchdog's own steps have a signal.
    async sleep(ms: number, signal?: AbortSignal) {
      if (signal === undefined) {
        paused_ms += ms
        now += ms
      }
      await setImmediate()
    },
  }
  const body = Readable.from(events.map((event) => Buffer.from(`data: ${event}\n\n`)))
  for await (const _ of readEvents(body, clock));
  return paused_ms
}

test("an agent pays for the values of its events, which cost more than bytes", async () => {
  const keys = JSON.stringify(Array.from({ length: 20_000 }, (_, at) => ({ [`k${at}`]: 1 })))
  const count = Math.ceil((4 * RATES.stream_burst_bytes) / keys.length)
  const words = JSON.stringify("x".repeat(keys.length - 2))
  const [ofKeys, ofWords] = [await pausesFor(Array(count).fill(keys)), await pausesFor(Array(count).fill(words))]
  expect(ofKeys).toBeGreaterThan(3 * ofWords)
})
