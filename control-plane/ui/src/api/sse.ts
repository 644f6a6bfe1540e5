import { createParser } from "eventsource-parser"

/** One event of a text/event-stream. */
export interface ServerEvent {
  /** Last id seen on the stream; empty when there was none. */
  readonly id: string
  readonly type: string
  readonly data: string
}

export interface SseParser {
  /** Takes the next piece of text, cut anywhere. */
  push(chunk: string): void
}

/**
 * Reads the event stream format (WHATWG HTML, 9.2.6). Comments are ignored: that they arrived is the caller's to note.
 * @param onEvent every complete event that carries data
 * @param onRetry the reconnection time that the server asks for, in milliseconds
 */
export function createSseParser(onEvent: (event: ServerEvent) => void, onRetry: (ms: number) => void): SseParser {
  let last = ""
  const parser = createParser({
    onEvent({ id = last, event = "message", data }) {
      last = id
      onEvent({ id, type: event, data })
    },
    onRetry,
  })
  return { push: (chunk) => parser.feed(chunk) }
}
