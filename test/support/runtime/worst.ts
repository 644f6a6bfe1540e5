import { Readable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import * as clean from "../../../control-plane/server/runtime/opencode-v1/clean.ts"
import { Conversation } from "../../../control-plane/server/runtime/opencode-v1/conversation.ts"
import { explainError } from "../../../control-plane/server/runtime/opencode-v1/errors.ts"
import { parseEvent, readEvents } from "../../../control-plane/server/runtime/opencode-v1/events.ts"
import { parseBounded } from "../../../control-plane/server/runtime/opencode-v1/http.ts"
import { countValues, parseJson, parseLongJson } from "../../../control-plane/server/runtime/opencode-v1/json.ts"
import { LIMITS } from "../../../control-plane/server/runtime/opencode-v1/limits.ts"
import { MessageLog } from "../../../control-plane/server/runtime/opencode-v1/message-log.ts"
import { type Header, readMessage } from "../../../control-plane/server/runtime/opencode-v1/messages.ts"
import { OpenRequests } from "../../../control-plane/server/runtime/opencode-v1/open-requests.ts"
import { charsOfPart, Outbox } from "../../../control-plane/server/runtime/opencode-v1/outbox.ts"
import { type ReadPart, readPart } from "../../../control-plane/server/runtime/opencode-v1/parts.ts"
import { readPermission, readQuestion } from "../../../control-plane/server/runtime/opencode-v1/requests.ts"
import { growingTexts, toPastMessage } from "../../../control-plane/server/runtime/opencode-v1/snapshot.ts"
import { SseParser } from "../../../control-plane/server/runtime/opencode-v1/sse.ts"
import { Turns } from "../../../control-plane/server/runtime/opencode-v1/turns.ts"
import type { Clock } from "../../../control-plane/server/time/index.ts"

/** Makes the input of a size and returns the work for it. */
export type Work = (size: number) => () => unknown

interface Case {
  /** The largest input that an agent may send, in characters, values or calls as the case has it. */
  readonly size_max: number
  /** It comes in pieces, between which others get their turn: only its growth counts. */
  readonly pieces?: true
  readonly work: Work
}

const [BYTES, VALUES] = [LIMITS.event_bytes_max, LIMITS.json_values_max]
const ROOT = "ses_root"
const READER = { rootId: ROOT, directory: "/workspace/repo" }
const CLOCK: Clock = { now: () => 0, sleep: () => setImmediate() }

const times = (count: number, make: (index: number) => unknown) => Array.from({ length: count }, (_, at) => make(at))
const escapes = (size: number) => "\\n".repeat(size / 2)
/** Keys that are all different cost most. */
const distinct = (size: number) => times(size / 3, (at) => ({ [`k${at}`]: 1 }))
const nested = (size: number) => distinct(size).map((inner) => [inner])
const text = (index: number, words: string) => ({
  id: `prt_${index}`,
  sessionID: ROOT,
  messageID: "msg_1",
  type: "text",
  text: words,
  time: { start: 1 },
})
const info = (index: number) => ({ id: `msg_${index}`, sessionID: ROOT, role: "assistant", time: { created: 1 } })
const header = (index: number): Header => {
  const read = readMessage(info(index), ROOT)
  if (read === undefined) throw new Error("no message")
  return read.message
}
const part = (index: number, words = ""): ReadPart => {
  const read = readPart(text(index, words), READER.directory)
  if (read === undefined) throw new Error("no part")
  return read
}

function log(parts: number): { log: MessageLog; outbox: Outbox } {
  const outbox = new Outbox()
  const made = new MessageLog(outbox)
  made.message(ROOT, header(1))
  for (let index = 0; index < parts; index++) made.part(part(index), "event")
  return { log: made, outbox }
}

/** Every event on its own is short: what counts is what the conversation has gathered by then. */
function talk(events: (index: number) => { type: string; properties: object }): Work {
  return (size) => () => {
    const conversation = new Conversation({ ...READER, now: () => 0 })
    conversation.apply({ type: "message.updated", properties: { info: info(1) } })
    for (let index = 0; index < size; index++) {
      conversation.apply(events(index))
      if (index % 200 === 0) conversation.outbox.take(1e9, LIMITS.batch_changes, LIMITS.batch_chars)
    }
  }
}

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

const CALLS = 20_000

/** By function, the input that costs it most. */
export const WORST: Readonly<Record<string, Case>> = {
  fields: { size_max: VALUES, work: (size) => () => clean.fields(distinct(size)) },
  list: { size_max: VALUES, work: (size) => () => clean.list(distinct(size), 200) },
  text: { size_max: LIMITS.text_chars_max, work: (size) => () => clean.text("\0\ud800".repeat(size / 2), size) },
  tail: { size_max: BYTES, work: (size) => () => clean.tail("ä".repeat(size), BYTES / 2) },
  texts: { size_max: VALUES, work: (size) => () => clean.texts(times(size, String), VALUES, 10) },
  amount: { size_max: 1, work: () => () => clean.amount(1e308) },
  time: { size_max: 1, work: () => () => clean.time(1e308) },
  id: { size_max: BYTES, work: (size) => () => clean.id(`ses_${"a".repeat(size)}`, "ses") },
  json: { size_max: VALUES, work: (size) => () => clean.json(nested(size), LIMITS.input_chars_max) },
  explainError: {
    size_max: BYTES,
    work: (size) => () => explainError({ data: { message: "\n key-".repeat(size / 6) } }),
  },
  parseEvent: { size_max: VALUES, work: (size) => () => parseEvent(JSON.stringify(distinct(size))) },
  parseJson: { size_max: BYTES, work: (size) => () => parseJson(`["${escapes(size)}"]`) },
  countValues: { size_max: BYTES, work: (size) => () => countValues(`["${escapes(size)}"]`) },
  parseLongJson: { size_max: BYTES, work: (size) => () => parseLongJson(Buffer.from(`["${escapes(size)}"]`), VALUES) },
  parseBounded: { size_max: VALUES, work: (size) => () => parseBounded(Buffer.from(JSON.stringify(distinct(size)))) },
  readEvents: {
    pieces: true,
    size_max: BYTES,
    work: (size) => () => drain(readEvents(Readable.from([Buffer.from("data:[]\n\n".repeat(size / 9))]), CLOCK)),
  },
  "SseParser.feed": {
    pieces: true,
    size_max: BYTES,
    work: (size) => () => new SseParser(BYTES).feed(Buffer.from(`${"data:\r".repeat(size / 6)}\r`)),
  },
  readMessage: { size_max: BYTES, work: (size) => () => readMessage({ ...info(1), finish: "\0".repeat(size) }, ROOT) },
  readPart: {
    size_max: VALUES,
    work: (size) => () => readPart({ ...text(1, ""), type: "tool", state: { input: nested(size) } }, READER.directory),
  },
  charsOfPart: {
    size_max: VALUES,
    work: (size) => {
      const tool = { name: "bash", callId: "c", status: "running", input: nested(size) } as const
      return () => charsOfPart({ id: "prt_1", type: "tool", body: { tool } })
    },
  },
  readPermission: {
    size_max: VALUES,
    work: (size) => () => readPermission({ id: "per_1", sessionID: ROOT, patterns: times(size, String) }, 0),
  },
  readQuestion: {
    size_max: VALUES,
    work: (size) => () => readQuestion({ id: "que_1", sessionID: ROOT, questions: distinct(size) }, 0),
  },
  toPastMessage: {
    size_max: VALUES / 7,
    work: (size) => () => toPastMessage({ info: info(1), parts: times(size, (at) => text(at as number, "x")) }, READER),
  },
  growingTexts: {
    size_max: VALUES / 7,
    work: (size) => () => {
      const history = toPastMessage({ info: info(1), parts: times(size, (at) => text(at as number, "x")) }, READER)
      const nothing = { permissions: [], questions: [], todos: [] }
      return growingTexts({ ...nothing, sessionIds: [ROOT], busySessionIds: new Set(), histories: [history] })
    },
  },
  "Conversation.apply": {
    pieces: true,
    size_max: CALLS,
    // Every repeat of the model's answer takes back what is open, of this conversation and not of another's.
    work: talk((index) => {
      if (index % 2 === 0) return { type: "message.part.updated", properties: { part: text(index, "x") } }
      const status = { type: "retry", attempt: index, message: "again" }
      return { type: "session.status", properties: { sessionID: ROOT, status } }
    }),
  },
  "Conversation.noteNewest": {
    size_max: CALLS,
    work: (size) => {
      const history = times(size, (at) => toPastMessage({ info: info(at as number), parts: [] }, READER)[0])
      return () => new Conversation({ ...READER, now: () => 0 }).noteNewest(history as never)
    },
  },
  "Conversation.restore": {
    pieces: true,
    size_max: LIMITS.history_messages_max,
    work: (size) => {
      const history = times(size, (at) => toPastMessage({ info: info(at as number), parts: [] }, READER)[0])
      const nothing = { permissions: [], questions: [], todos: [], busySessionIds: new Set<string>() }
      const snapshot = { ...nothing, sessionIds: [ROOT], histories: [history] }
      return () => new Conversation({ ...READER, now: () => 0 }).restore(snapshot as never)
    },
  },
  "MessageLog.message": {
    pieces: true,
    size_max: CALLS * 4,
    work: (size) => () => {
      const made = log(0).log
      for (let index = 0; index < size; index++) made.message(ROOT, header(index))
    },
  },
  "MessageLog.part": { pieces: true, size_max: CALLS * 2, work: (size) => () => log(size) },
  "MessageLog.delta": {
    pieces: true,
    size_max: CALLS * 4,
    work: (size) => () => {
      const made = log(1).log
      for (let index = 0; index < size; index++) made.delta({ partID: "prt_0", field: "text", delta: "\ud83d" })
    },
  },
  "MessageLog.removeMessage": {
    size_max: CALLS,
    work: (size) => {
      const made = log(size).log
      return () => made.removeMessage({ messageID: "msg_1" })
    },
  },
  "MessageLog.removePart": {
    pieces: true,
    size_max: CALLS,
    work: (size) => {
      const made = log(size).log
      return () => times(size, (at) => made.removePart({ messageID: "msg_1", partID: `prt_${at}` }))
    },
  },
  "MessageLog.takeBackTexts": {
    pieces: true,
    size_max: CALLS,
    work: (size) => {
      const made = log(size).log
      return () => times(1000, () => made.takeBackTexts("ses_other"))
    },
  },
  "OpenRequests.asked": {
    pieces: true,
    size_max: 400,
    work: (size) => {
      const diff = "x".repeat(LIMITS.diff_chars_max)
      const requests = new OpenRequests(new Outbox(), () => 0)
      return () =>
        times(size, (at) => requests.asked("permission", { id: `per_${at}`, sessionID: ROOT, metadata: { diff } }))
    },
  },
  "OpenRequests.answered": {
    pieces: true,
    size_max: CALLS,
    work: (size) => {
      const requests = new OpenRequests(new Outbox(), () => 0)
      return () => times(size, (at) => requests.answered(`per_${at}`, { reply: "once" }))
    },
  },
  "OpenRequests.restore": {
    size_max: VALUES / 3,
    work: (size) => {
      const listed = times(size, (at) => ({ id: `per_${at}`, sessionID: ROOT }))
      return () => new OpenRequests(new Outbox(), () => 0).restore(listed, listed, () => true)
    },
  },
  "Outbox.message": { pieces: true, size_max: CALLS * 4, work: outbox((out, at) => out.message(header(at), true)) },
  "Outbox.part": {
    pieces: true,
    size_max: CALLS * 2,
    work: outbox((out, at) => out.part("msg_1", part(at).part, { first: true, userMessage: false, interval_ms: 100 })),
  },
  "Outbox.delta": {
    pieces: true,
    size_max: CALLS * 4,
    work: outbox((out, at) => out.delta("msg_1", "prt_1", at, "x")),
  },
  "Outbox.push": {
    pieces: true,
    size_max: CALLS * 2,
    work: outbox((out, at) => out.push({ type: "message.removed", messageId: `msg_${at}` }, `removed ${at}`)),
  },
  "Turns.note": {
    pieces: true,
    size_max: CALLS,
    work: (size) => () => {
      const turns = new Turns()
      for (let at = 0; at < size; at++) {
        turns.note({ sessionId: ROOT, parentId: `msg_p${at}`, message: header(at) }, true)
        turns.isOver(`msg_q${at}`)
      }
    },
  },
}

/** As much as comes in before the receiver takes something, then all of it in batches. */
function outbox(add: (out: Outbox, index: number) => void): Work {
  return (size) => () => {
    const out = new Outbox()
    for (let index = 0; index < size; index++) add(out, index)
    while (out.take(1e9, LIMITS.batch_changes, LIMITS.batch_chars).length > 0);
  }
}
