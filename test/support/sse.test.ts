import { expect, test } from "vitest"
import { parseEventStream, type StreamedEvent } from "./sse.ts"

async function* chunksOf(text: string, size: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each([1, 2, 7, 1000])("events are the same in pieces of %i bytes", async (size) => {
  const text =
    'retry: 1\n\n: still here\n\nid: 7\nevent: part.delta\ndata: {"a":"ä😀"}\n\ndata: one\ndata: two\n\nid: 8\ndata: cut'
  const events: StreamedEvent[] = []
  for await (const event of parseEventStream(chunksOf(text, size))) events.push(event)
  expect(events).toEqual([
    { id: "7", event: "part.delta", data: '{"a":"ä😀"}' },
    { id: undefined, event: "message", data: "one\ntwo" },
  ])
})
