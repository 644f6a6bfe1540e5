import fc from "fast-check"
import { expect, test } from "vitest"
import { SseParser } from "./sse.ts"

function parse(chunks: readonly Buffer[], chars_max = 1000): { events: string[]; skipped: number } {
  const parser = new SseParser(chars_max)
  const events = chunks.flatMap((chunk) => parser.feed(chunk))
  return { events, skipped: parser.skipped }
}

/** Cuts anywhere, also inside a character and inside a line end. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

const data = fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n]/g, " "))
const end = fc.constantFrom("\n", "\r\n", "\r")

test("events are the same however the stream is cut into chunks", () => {
  fc.assert(
    fc.property(fc.array(data), end, fc.array(fc.nat()), (events, newline, places) => {
      const stream = events
        .map((event) => `event: x${newline}data: ${event}${newline}: comment${newline}${newline}`)
        .join("")
      expect(parse(cut(Buffer.from(stream), places)).events).toEqual(events.map((event) => event.toWellFormed()))
    }),
  )
})

test("several data lines are one event, joined by line feeds", () => {
  expect(parse([Buffer.from("data: a\ndata:b\ndata\n\n")]).events).toEqual(["a\nb\n"])
})

test("an unfinished event is not passed on", () => {
  expect(parse([Buffer.from("data: a\n\ndata: b\n")]).events).toEqual(["a"])
})

test("an event that is too large is skipped and the next one is read, however it is cut", () => {
  fc.assert(
    fc.property(fc.integer({ min: 101, max: 2000 }), fc.array(fc.nat()), (size, places) => {
      const stream = Buffer.from(`data: a\n\ndata: ${"x".repeat(size)}\n\ndata: b\n\n`)
      expect(parse(cut(stream, places), 100)).toEqual({ events: ["a", "b"], skipped: 1 })
    }),
  )
})

test("an endless line holds no memory", () => {
  const parser = new SseParser(1000)
  const chunk = Buffer.alloc(64 * 1024, "x")
  for (let index = 0; index < 1000; index++) parser.feed(chunk)
  expect(JSON.stringify(Object.values(parser)).length).toBeLessThan(1000)
  expect(parser.feed(Buffer.from("\n\ndata: b\n\n"))).toEqual(["b"])
})
