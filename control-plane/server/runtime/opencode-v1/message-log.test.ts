import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import fc from "fast-check"
import { expect, test } from "vitest"
import { foldText } from "../../transcripts/fold.ts"
import type { Change } from "../../transcripts/types.ts"
import { LIMITS } from "./limits.ts"
import { MessageLog } from "./message-log.ts"
import type { Header } from "./messages.ts"
import { Outbox } from "./outbox.ts"
import type { ReadPart } from "./parts.ts"

const header = (id: string): Header => ({
  id,
  role: "assistant",
  agentSessionId: null,
  authorId: null,
  delivery: null,
  createdAt: 1,
  completedAt: null,
  body: {},
})
const growing = (text: string, id = "prt_t"): ReadPart => ({
  sessionId: "ses_root",
  messageId: "msg_a",
  part: { id, type: "text", body: { text, startedAt: 1 } },
  open: true,
})
const ended = (text: string): ReadPart => ({
  ...growing(text),
  part: { id: "prt_t", type: "text", body: { text, startedAt: 1, endedAt: 2 } },
  open: false,
})

function aLog() {
  const outbox = new Outbox()
  const log = new MessageLog(outbox)
  let text: string | undefined
  const changes: Change[] = []
  log.message("ses_root", header("msg_a"))
  return {
    log,
    outbox,
    changes,
    grow: (delta: string) => log.delta({ partID: "prt_t", field: "text", delta }),
    take() {
      for (const { change } of outbox.take(0, 1e6, 1e9)) {
        changes.push(change)
        if (change.type === "part.updated") text = change.part.body.text
        else if (change.type === "part.delta") {
          if (change.offset !== text?.length) throw new Error("a delta with a gap")
          text = foldText(text, [change])
        }
      }
      return text
    },
  }
}

test("whatever is cut between two deltas, everything that is handed over can be stored, and all of it is the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.array(fc.boolean()), (text, takes) => {
      const { log, grow, take, changes } = aLog()
      log.part(growing(""), "event")
      for (let offset = 0; offset < text.length; offset++) {
        grow(text.charAt(offset))
        if (takes[offset] ?? true) take()
      }
      // The first half of a character waits for the other one.
      const whole = text.replace(/[\uD800-\uDBFF]$/, "").replaceAll("\0", "\uFFFD")
      expect(take()).toBe(whole.toWellFormed())
      const words = changes.flatMap((change) =>
        change.type === "part.delta" ? [change.delta] : change.type === "part.updated" ? [change.part.body.text] : [],
      )
      expect(words.every((one) => one?.isWellFormed() && !one.includes("\0"))).toBe(true)
    }),
  )
})

test("a text that grew while nobody listened goes on behind a mark, from where its readers are, and ends whole", () => {
  const { log, grow, take } = aLog()
  log.part(growing(""), "event")
  grow("one two ")
  const stored = take()
  // The stream broke and is back: OpenCode shows a text that grows empty.
  log.part(growing(""), "snapshot", stored)
  expect(take()).toBe("one two ")
  grow("five ")
  grow("six ")
  expect(take()).toBe("one two  […] five six ")
  log.part(ended("one two three four five six "), "event")
  expect(take()).toBe("one two three four five six ")
})

test("who takes over goes on from what is stored, whether it was handed over before the next delta or not", () => {
  for (const early of [true, false]) {
    const { log, grow, take } = aLog()
    log.part(growing(""), "snapshot", "one two ")
    if (early) take()
    grow("five ")
    expect(take()).toBe("one two  […] five ")
  }
})

test("a text whose beginning is streamed again has no gap", () => {
  const { log, grow, take } = aLog()
  log.part(growing(""), "snapshot")
  log.part(growing(""), "event")
  grow("one ")
  expect(take()).toBe("one ")
})

test("a long conversation does not end being followed: the oldest is forgotten for the newest", () => {
  const { log, outbox } = aLog()
  let last: Change[] = []
  const count = LIMITS.tracked_parts_max + 10
  for (let index = 0; index < count; index++) {
    const messageId = `msg_${index}`
    log.message("ses_root", header(messageId))
    const read = growing("x", `prt_${index}`)
    log.part({ ...read, messageId }, "event")
    last = outbox.take(0, 10, 1e6).map(({ change }) => change)
  }
  expect(last.map(({ type }) => type)).toEqual(["message.updated", "part.updated"])
  log.delta({ partID: "prt_0", field: "text", delta: "of one that is forgotten" })
  log.delta({ partID: `prt_${count - 1}`, field: "text", delta: "y" })
  expect(outbox.take(0, 10, 1e6)).toMatchObject([{ change: { type: "part.delta", offset: 1, delta: "y" } }])
})

test("a message with too many parts keeps its newest", () => {
  const { log, outbox } = aLog()
  const count = LIMITS.tracked_parts_max + 10
  for (let index = 0; index < count; index++) log.part(growing("x", `prt_${index}`), "event")
  outbox.take(0, count * 2, 1e9)
  log.delta({ partID: `prt_${count - 1}`, field: "text", delta: "y" })
  expect(outbox.size).toBe(1)
})

test("texts that were open are taken back when the agent begins again, others are not", () => {
  const { log, outbox } = aLog()
  log.part(growing("a", "prt_1"), "event")
  log.part({ ...ended("b"), part: { ...ended("b").part, id: "prt_2" } }, "event")
  outbox.take(0, 10, 1e6)
  log.takeBackTexts("ses_other")
  expect(outbox.size).toBe(0)
  log.takeBackTexts("ses_root")
  log.takeBackTexts("ses_root")
  expect(outbox.take(0, 10, 1e6).map(({ change }) => change)).toEqual([
    { type: "part.removed", messageId: "msg_a", partId: "prt_1" },
  ])
  log.delta({ partID: "prt_1", field: "text", delta: "of the attempt before" })
  expect(outbox.size).toBe(0)
})

test("however much of texts is open, little of it is held", () => {
  const { log, outbox } = aLog()
  const delta = "0123456789abcdef".repeat(4096)
  const before = heapUsed()
  for (let index = 0; index < 300; index++) {
    log.part(growing("", `prt_${index}`), "event")
    for (let piece = 0; piece < 10; piece++) {
      log.delta({ partID: `prt_${index}`, field: "text", delta: `${index}${piece}${delta}` })
      outbox.take(0, 10, 1e9)
    }
  }
  // 196 MB of words went through.
  expect(heapUsed() - before).toBeLessThan(20 * 1024 * 1024)
  log.delta({ partID: "prt_0", field: "text", delta: "x" })
  expect(outbox.take(0, 1, 1e6)).toMatchObject([{ change: { type: "part.delta", offset: 655_380 } }])
})

function heapUsed(): number {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
  return process.memoryUsage().heapUsed
}
