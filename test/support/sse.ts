import { createParser } from "eventsource-parser"

/** One event of an event stream. */
export interface StreamedEvent {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/**
 * Reads an event stream (WHATWG HTML, "Server-sent events"). Comments and `retry` are dropped; an event that the end
 * of the stream has cut is dropped too.
 */
export async function* parseEventStream(chunks: AsyncIterable<Buffer>): AsyncGenerator<StreamedEvent> {
  const decoder = new TextDecoder()
  const read: StreamedEvent[] = []
  const parser = createParser({ onEvent: ({ id, event = "message", data }) => void read.push({ id, event, data }) })
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* read.splice(0)
  }
}
