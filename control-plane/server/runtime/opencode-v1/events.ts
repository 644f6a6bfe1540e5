import type { Readable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import type { Clock } from "../../time/index.ts"
import { countValues, parseJson } from "./json.ts"
import { LIMITS, RATES, TIMES } from "./limits.ts"
import { SseParser } from "./sse.ts"

/** Stands for an event that was too long, or had too many values, to be read. */
export const OVERSIZE = Symbol("oversize")

/** An event as it came, or `OVERSIZE`. Kept as text: parsed, it may take 25 times as much memory. */
export type StreamedEvent = string | typeof OVERSIZE

/** What an event says; undefined when it is not JSON. */
export function parseEvent(event: StreamedEvent): unknown {
  return event === OVERSIZE ? event : parseJson(event)
}

/**
 * The events of an open stream until it ends. What is too long is told as `OVERSIZE`.
 * @throws Error when nothing, not even a heartbeat, came for 30 s: OpenCode's streams can stay open and dead for ever.
 */
export async function* readEvents(body: Readable, clock: Clock): AsyncGenerator<StreamedEvent> {
  const parser = new SseParser(LIMITS.event_bytes_max)
  const stop = new AbortController()
  const seen = { at: clock.now() }
  const pace = new Pace(clock)
  void watch(body, seen, clock, stop.signal)
  let skipped = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      seen.at = clock.now()
      let cost_bytes = chunk.length
      for (const event of parser.feed(chunk)) {
        const values = countValues(event)
        yield values > LIMITS.json_values_max ? OVERSIZE : event
        cost_bytes += RATES.event_bytes + values * RATES.value_bytes
      }
      if (parser.skipped > skipped) yield OVERSIZE
      skipped = parser.skipped
      await pace.keep(cost_bytes)
      // What has arrived is read without a pause otherwise, and nothing else gets its turn.
      await setImmediate()
    }
  } finally {
    stop.abort(new Error("ended"))
    body.destroy()
  }
}

async function watch(body: Readable, seen: { at: number }, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(TIMES.watchdog_step_ms, signal).catch(() => undefined)
    if (clock.now() - seen.at > TIMES.silence_max_ms) body.destroy(new Error("the agent's event stream is silent"))
  }
}

/** Lets a burst through and then no more than a rate: what is read too early waits in the pod. */
class Pace {
  readonly #clock: Clock
  #left: number = RATES.stream_burst_bytes
  #at: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.now()
  }

  async keep(bytes: number): Promise<void> {
    const now = this.#clock.now()
    const earned = Math.max(0, now - this.#at) * RATES.stream_bytes_per_ms
    this.#left = Math.min(RATES.stream_burst_bytes, this.#left + earned) - bytes
    this.#at = now
    if (this.#left < 0) await this.#clock.sleep(Math.ceil(-this.#left / RATES.stream_bytes_per_ms))
  }
}
