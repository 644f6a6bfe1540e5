import type { Readable } from "node:stream"
import type { Clock } from "../../time/index.ts"
import { LIMITS, TIMES } from "./limits.ts"
import { SseParser } from "./sse.ts"

export interface StreamedEvent {
  readonly event: unknown
  /** Size as it came. */
  readonly chars: number
}

/**
 * The events of an open stream until it ends. What is not JSON is skipped.
 * @throws Error when nothing, not even a heartbeat, came for 30 s: OpenCode's streams can stay open and dead for ever.
 */
export async function* readEvents(body: Readable, clock: Clock): AsyncGenerator<StreamedEvent> {
  const parser = new SseParser(LIMITS.event_chars_max)
  const stop = new AbortController()
  const seen = { at: clock.now() }
  // Destroying a body that nobody reads any more would otherwise be an uncaught error.
  body.on("error", () => undefined)
  void watch(body, seen, clock, stop.signal)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      seen.at = clock.now()
      for (const data of parser.feed(chunk)) {
        const event = parseJson(data)
        if (event !== undefined) yield { event, chars: data.length }
      }
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

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
