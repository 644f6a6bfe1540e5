import { once } from "node:events"
import type { ServerResponse } from "node:http"
import { STALLED_MS } from "../stalled.ts"

/** One event. Null writes nothing: it says that the stream may begin. */
export type ServerSentEvent = { id?: number; event: string; data: unknown } | null

export interface WriterLimits {
  readonly heartbeat_ms: number
  /** A reader that takes nothing for so long is cut off; it comes back with `Last-Event-ID`. */
  readonly stalled_ms: number
  /** How long browsers wait before they come back. */
  readonly retry_ms: number
}

export const WRITER_LIMITS: WriterLimits = { heartbeat_ms: 15_000, stalled_ms: STALLED_MS, retry_ms: 1_000 }

/** Why a stream was ended by us; the abort reason of its signal. */
export type EndReason = "shutdown" | "signed_out" | "closed"

/**
 * Writes events to an event stream response until the source ends, the client goes away or the signal aborts.
 * At most one event is held here: the next one is asked for when the socket has taken the one before. After a
 * `shutdown` the client is told to reconnect, which takes it to another replica.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterator<ServerSentEvent>,
  signal: AbortSignal,
  limits: WriterLimits = WRITER_LIMITS,
): Promise<void> {
  const aborted = new Promise<"aborted">((resolve) => {
    if (signal.aborted) resolve("aborted")
    else signal.addEventListener("abort", () => resolve("aborted"), { once: true })
  })
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    // nginx would collect the events before passing them on.
    "x-accel-buffering": "no",
  })
  response.write(`retry: ${limits.retry_ms}\n\n`)
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": still here\n\n")
  }, limits.heartbeat_ms)
  try {
    for (;;) {
      const next = await Promise.race([events.next(), aborted])
      if (next === "aborted" || next.done) break
      if (next.value !== null && !response.write(format(next.value))) await drained(response, signal, limits.stalled_ms)
    }
    if (signal.reason === "shutdown" && response.writable) {
      response.write(format({ event: "reconnect", data: { retry_ms: limits.retry_ms } }))
    }
  } finally {
    clearInterval(heartbeat)
    response.end()
    // Not awaited: a source that hangs must not hold the socket.
    void events.return?.().catch(() => undefined)
  }
}

/** One event in the wire form; JSON has no line breaks of its own. */
export function format(event: NonNullable<ServerSentEvent>): string {
  const id = event.id === undefined ? "" : `id: ${event.id}\n`
  return `${id}event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
}

/** Waits until the socket has taken what was written; cuts off a reader that takes nothing for `stalled_ms`. */
export async function drained(response: ServerResponse, signal: AbortSignal, stalled_ms: number): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(stalled_ms)])
  try {
    await once(response, "drain", { signal: limit })
  } catch {
    if (!signal.aborted) response.destroy(new Error("the reader of a stream is stalled"))
  }
}
