import { EventEmitter } from "node:events"
import { pino } from "pino"
import { beforeEach, expect, test } from "vitest"
import type { Clock } from "../time/index.ts"
import { createConnectionLimit } from "./connections.ts"

let now = 0
let lines: string[]
let take: ReturnType<typeof createConnectionLimit>

beforeEach(() => {
  now = 0
  lines = []
  const log = pino({}, { write: (line: string) => void lines.push(line) })
  take = createConnectionLimit({ connections_max: 2, clock: { now: () => now } as Clock, log })
})

class Connection extends EventEmitter {
  readonly remoteAddress: string
  destroyed = false
  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }
  destroy(): this {
    this.destroyed = true
    return this
  }
}

function connect(address: string): Connection {
  const connection = new Connection(address)
  take(connection as unknown as Parameters<typeof take>[0])
  return connection
}

test("one address has so many connections and no more, in whichever form it is told; others have theirs", () => {
  const [first] = [connect("10.0.0.1"), connect("::ffff:10.0.0.1")]
  expect(connect("10.0.0.1").destroyed).toBe(true)
  expect(connect("10.0.0.2").destroyed).toBe(false)
  first?.emit("close")
  expect(connect("10.0.0.1").destroyed).toBe(false)
  expect(connect("10.0.0.1").destroyed).toBe(true)
})

test("a connection that was refused makes no room when it closes", () => {
  connect("10.0.0.1")
  connect("10.0.0.1")
  connect("10.0.0.1").emit("close")
  expect(connect("10.0.0.1").destroyed).toBe(true)
})

test("the log says it once a minute", () => {
  for (let count = 0; count < 50; count++) connect("10.0.0.1")
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('"address":"10.0.0.1"')
  now = 61_000
  connect("10.0.0.1")
  expect(lines).toHaveLength(2)
})
