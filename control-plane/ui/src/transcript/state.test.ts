import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { makeSession } from "../../../../dev/ui/seed.ts"
import type { AgentRequest, Change, Message, Part, SessionEvent } from "../api/types.ts"
import { applyEvents, EMPTY, loadHistory, loadOlder, loadRequests, loadSession, type TranscriptState } from "./state.ts"

const header = (id: string, patch: Partial<Message> = {}): Omit<Message, "parts"> => ({
  id,
  role: "assistant",
  agentSessionId: null,
  authorId: null,
  delivery: null,
  createdAt: 1,
  completedAt: null,
  body: {},
  ...patch,
})
const textPart = (id: string, text: string): Part => ({ id, type: "text", body: { text } })
const request = (id: string, state: AgentRequest["state"]): AgentRequest => ({
  id,
  kind: "permission",
  state,
  createdAt: 1,
  body: { permission: "bash" },
  answer: null,
})
const numbered = (changes: readonly Change[], first = 1): SessionEvent[] =>
  changes.map((change, index) => ({ seq: first + index, change }))
const after = (...changes: readonly Change[]) => applyEvents(EMPTY, numbered(changes))

const MESSAGE: Change = { type: "message.updated", message: header("m1") }
const PART: Change = { type: "part.updated", messageId: "m1", part: textPart("p1", "Hello") }

describe("every kind of change", () => {
  test("a message is added at the end, and keeps its parts when it changes", () => {
    const state = after(MESSAGE, PART, { type: "message.updated", message: header("m1", { completedAt: 9 }) })
    expect(state.messages).toEqual([{ ...header("m1", { completedAt: 9 }), parts: [textPart("p1", "Hello")] }])
  })

  test("a message that the agent removed stays with its parts, and is marked", () => {
    expect(after(MESSAGE, PART, { type: "message.removed", messageId: "m1", removedAt: 7 }).messages).toEqual([
      { ...header("m1"), removedAt: 7, parts: [textPart("p1", "Hello")] },
    ])
  })

  test("a part is replaced by its next state", () => {
    const state = after(MESSAGE, PART, { type: "part.updated", messageId: "m1", part: textPart("p1", "Bye") })
    expect(state.messages[0]?.parts).toEqual([textPart("p1", "Bye")])
  })

  test("a part of a message that is not loaded changes nothing", () => {
    expect(after({ ...PART, messageId: "elsewhere" }).messages).toEqual([])
  })

  test("a part that the agent removed is marked, the others are not", () => {
    const second: Change = { type: "part.updated", messageId: "m1", part: textPart("p2", "there") }
    const state = after(MESSAGE, PART, second, { type: "part.removed", messageId: "m1", partId: "p1", removedAt: 7 })
    expect(state.messages[0]?.parts.map((part) => [part.id, part.removedAt])).toEqual([
      ["p1", 7],
      ["p2", undefined],
    ])
  })

  test("a request is added, then takes its answer", () => {
    const state = after(
      { type: "request.updated", request: request("r1", "open") },
      { type: "request.updated", request: request("r1", "answered") },
    )
    expect(state.requests).toEqual([request("r1", "answered")])
  })

  test("the to-do list is replaced as a whole", () => {
    const todos = [{ content: "Test", status: "pending", priority: "high" }]
    expect(after({ type: "todo.updated", todos }).todos).toEqual(todos)
  })

  test("a notice is kept with the number of its event", () => {
    const state = after({ type: "notice", level: "error", code: "provider_refused", message: "No." })
    expect(state.notices).toEqual([{ seq: 1, level: "error", code: "provider_refused", message: "No." }])
  })

  test("the session takes what changed and keeps what depends on the caller", () => {
    const session = makeSession("One", 5)
    const patch = { title: "Two", updatedAt: 6, may: { write: false, manage: false, readFiles: false } }
    const state = applyEvents({ ...EMPTY, session }, numbered([{ type: "session.updated", session: patch }]))
    expect(state.session).toEqual({ ...session, title: "Two", updatedAt: 6 })
  })

  test("an older state of the session changes nothing", () => {
    const session = makeSession("New", 5)
    const change: Change = { type: "session.updated", session: { title: "Old", updatedAt: 4 } }
    expect(applyEvents({ ...EMPTY, session }, numbered([change])).session).toEqual(session)
    expect(loadSession({ ...EMPTY, session }, makeSession("Old", 4)).session).toEqual(session)
  })

  test("a deleted session is marked as such", () => {
    expect(after({ type: "session.deleted" }).deleted).toBe(true)
  })

  test("a change of a kind that is not known is counted and otherwise ignored", () => {
    const state = applyEvents(EMPTY, [{ seq: 1, change: { type: "weather" } as unknown as Change }])
    expect(state).toEqual({ ...EMPTY, lastSeq: 1 })
  })
})

describe("text that streams in", () => {
  const delta = (offset: number, text: string): Change => ({
    type: "part.delta",
    messageId: "m1",
    partId: "p1",
    offset,
    delta: text,
  })
  const textOf = (state: TranscriptState) => state.messages[0]?.parts[0]?.body.text

  test("is put at its offset", () => {
    expect(textOf(after(MESSAGE, PART, delta(5, ", you"), delta(10, "!")))).toBe("Hello, you!")
  })

  test("that is there already changes nothing, not even the objects", () => {
    const before = after(MESSAGE, PART)
    const state = applyEvents(before, numbered([delta(0, "Hel"), delta(3, "lo")], 3))
    expect(state.messages).toBe(before.messages)
  })

  test("that overlaps is not doubled", () => {
    expect(textOf(after(MESSAGE, PART, delta(3, "lo, you")))).toBe("Hello, you")
  })

  test("that starts beyond the end means that something is missing", () => {
    expect(after(MESSAGE, PART, delta(6, "x")).outOfStep).toBe(true)
  })

  test("of a part that is not there means the same", () => {
    expect(after(MESSAGE, delta(0, "x")).outOfStep).toBe(true)
  })
})

describe("pages and events together", () => {
  test("an event that is contained already is skipped", () => {
    const state = after(MESSAGE, PART)
    expect(applyEvents(state, numbered([MESSAGE, PART]))).toBe(state)
  })

  test("older messages come in front, without those that are known", () => {
    const page = {
      items: [
        { ...header("m0"), parts: [] },
        { ...header("m1"), parts: [] },
      ],
      nextCursor: null,
      lastSeq: 2,
    }
    const state = loadOlder({ ...after(MESSAGE, PART), olderCursor: "1" }, page)
    expect(state.messages.map((message) => message.id)).toEqual(["m0", "m1"])
    expect(state.messages[1]?.parts).toEqual([textPart("p1", "Hello")])
    expect(state.olderCursor).toBeNull()
  })

  test("a prompt that waited moves behind what was written meanwhile when the agent takes it up", () => {
    const ids = (changes: readonly Change[]) => applyEvents(EMPTY, numbered(changes)).messages.map(({ id }) => id)
    const update = (message: Parameters<typeof header>[1], id: string): Change => ({
      type: "message.updated",
      message: header(id, message),
    })
    const waited = [update({ delivery: "queued" }, "prompt"), update({}, "answer")]
    expect(ids([...waited, update({ delivery: "sending" }, "prompt")])).toEqual(["answer", "prompt"])
    const queue = [update({ delivery: "queued" }, "first"), update({ delivery: "queued" }, "second")]
    expect(ids([...queue, update({ delivery: "sending" }, "first")])).toEqual(["first", "second"])
  })

  test("a change of a message on a page that is not loaded waits for its page", () => {
    const page = { items: [{ ...header("m5", { createdAt: 50 }), parts: [] }], nextCursor: "5", lastSeq: 9 }
    const late: Change = { type: "message.updated", message: header("m1", { createdAt: 10 }) }
    const state = applyEvents(loadHistory(EMPTY, page), numbered([late], 10))
    expect(state.messages.map((message) => message.id)).toEqual(["m5"])
  })

  test("the to-do list is found again in the history", () => {
    const tool = {
      name: "todowrite",
      callId: "c",
      status: "completed",
      input: { todos: [{ content: "Test", status: "pending" }] },
    } as const
    const items = [{ ...header("m1"), parts: [{ id: "p1", type: "tool", body: { tool } } as const] }]
    const state = loadHistory(EMPTY, { items, nextCursor: null, lastSeq: 1 })
    expect(state.todos).toEqual([{ content: "Test", status: "pending", priority: "medium" }])
  })

  test("an answer that arrived by an event is not undone by the list of requests", () => {
    const before = [request("old", "open")]
    const state = applyEvents(
      { ...EMPTY, requests: before },
      numbered([{ type: "request.updated", request: request("r1", "answered") }]),
    )
    const merged = loadRequests(state, [request("r1", "open"), request("r2", "open")], before)
    expect(merged.requests).toEqual([request("r2", "open"), request("r1", "answered")])
  })

  test("history up to any event and the events since, repeated or not, give the same state", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(), fc.nat(), (steps, cut, overlap) => {
        const events = numbered(changesOf(steps))
        const whole = applyEvents(EMPTY, events)
        const at = events.length === 0 ? 0 : cut % (events.length + 1)
        const known = applyEvents(EMPTY, events.slice(0, at))
        const page = { items: known.messages, nextCursor: null, lastSeq: known.lastSeq }
        const resumed = applyEvents(loadHistory(EMPTY, page), events.slice(Math.max(0, at - (overlap % 5))))
        expect(resumed.messages).toEqual(whole.messages)
        expect(resumed.lastSeq).toBe(whole.lastSeq)
        expect(resumed.outOfStep).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})

/** A script of what an agent does, from which valid changes are made. */
const step = fc.record({
  what: fc.constantFrom("message", "part", "delta", "delta", "delta", "rewrite", "repeat", "drop-part", "drop-message"),
  which: fc.nat(5),
  text: fc.string({ unit: "grapheme", maxLength: 8 }),
})

function changesOf(steps: readonly { what: string; which: number; text: string }[]): Change[] {
  const changes: Change[] = []
  for (const { what, which, text } of steps) {
    const state = after(...changes)
    const message = state.messages[which % Math.max(1, state.messages.length)]
    const part = message?.parts.at(-1)
    const length = part?.body.text?.length ?? 0
    if (what === "message" || !message) changes.push({ type: "message.updated", message: header(`m${which}`) })
    else if (what === "part" || !part)
      changes.push({ type: "part.updated", messageId: message.id, part: textPart(`p${which}`, text) })
    else if (what === "drop-part") changes.push({ type: "part.removed", messageId: message.id, partId: part.id })
    else if (what === "drop-message") changes.push({ type: "message.removed", messageId: message.id })
    else if (what === "rewrite")
      changes.push({ type: "part.updated", messageId: message.id, part: { ...part, body: { text } } })
    else {
      const offset = what === "repeat" ? Math.max(0, length - which) : length
      changes.push({ type: "part.delta", messageId: message.id, partId: part.id, offset, delta: text })
    }
  }
  return changes
}
