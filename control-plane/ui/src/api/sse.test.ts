import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createSseParser, type ServerEvent } from "./sse.ts"

function parse(chunks: readonly string[]): { events: ServerEvent[]; retries: number[] } {
  const events: ServerEvent[] = []
  const retries: number[] = []
  const parser = createSseParser(
    (event) => events.push(event),
    (ms) => retries.push(ms),
  )
  for (const chunk of chunks) parser.push(chunk)
  return { events, retries }
}

const STREAM =
  ': hello\n\nid: 7\nevent: part.delta\ndata: {"a":1}\n\nretry: 500\ndata: one\r\ndata:two\r\n\r\nevent: empty\n\nid\ndata\n\n'

describe("the event stream format", () => {
  test("ids stay until the next one, data lines are joined, comments and events without data are dropped", () => {
    expect(parse([STREAM])).toEqual({
      events: [
        { id: "7", type: "part.delta", data: '{"a":1}' },
        { id: "7", type: "message", data: "one\ntwo" },
        { id: "", type: "message", data: "" },
      ],
      retries: [500],
    })
  })

  test("is the same wherever it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 12 }), (cuts) => {
        const points = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
        const chunks = points.slice(1).map((end, index) => STREAM.slice(points[index], end))
        expect(parse(chunks)).toEqual(parse([STREAM]))
      }),
    )
  })

  test("an event that is not finished is not given out", () => {
    expect(parse(["data: half\n"]).events).toEqual([])
  })
})
