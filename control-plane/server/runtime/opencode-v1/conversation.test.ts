import fc from "fast-check"
import { expect, test } from "vitest"
import { foldText } from "../../transcripts/fold.ts"
import type { AgentRequest, Change, Message, Part } from "../../transcripts/types.ts"
import { Conversation, type Snapshot } from "./conversation.ts"
import { LIMITS } from "./limits.ts"
import { historyAfter, type Recording, recording } from "./recordings.ts"
import { toPastMessage } from "./snapshot.ts"

const DIRECTORY = "/workspace/repo"

/** What a watcher makes of the changes. */
class Viewer {
  readonly messages = new Map<string, Omit<Message, "parts"> & { parts: Map<string, Part> }>()
  readonly requests = new Map<string, AgentRequest>()
  readonly notices: string[] = []

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.type === "message.updated") {
        const parts = this.messages.get(change.message.id)?.parts ?? new Map()
        this.messages.set(change.message.id, { ...change.message, parts })
      } else if (change.type === "part.updated") this.#parts(change.messageId).set(change.part.id, change.part)
      else if (change.type === "part.delta") this.#grow(change)
      else if (change.type === "request.updated") this.requests.set(change.request.id, change.request)
      else if (change.type === "notice") this.notices.push(change.code)
    }
  }

  #parts(messageId: string): Map<string, Part> {
    const message = this.messages.get(messageId)
    if (message === undefined) throw new Error(`a part before its message ${messageId}`)
    return message.parts
  }

  #grow(change: Extract<Change, { type: "part.delta" }>): void {
    const parts = this.#parts(change.messageId)
    const part = parts.get(change.partId)
    if (part === undefined) throw new Error("a delta before its part")
    if (change.offset !== part.body.text?.length) throw new Error("a delta with a gap")
    parts.set(part.id, { ...part, body: { ...part.body, text: foldText(part.body.text, [change]) } })
  }

  /** Messages with their parts, as plain values. */
  get view(): unknown {
    return [...this.messages.values()].map(({ parts, ...message }) => ({ ...message, parts: [...parts.values()] }))
  }
}

function start(name: Recording) {
  const { events, rootId } = recording(name)
  const conversation = new Conversation({ rootId, directory: DIRECTORY, now: () => 1000 })
  const viewer = new Viewer()
  let now = 0
  const take = () => viewer.apply(conversation.outbox.take((now += 10_000), 1000, 1e7).map(({ change }) => change))
  return { events, rootId, conversation, viewer, take }
}

type Over = Partial<Omit<Snapshot, "histories">> & { readonly histories?: readonly (readonly unknown[])[] }

function snapshot(name: "turn" | "sub-agent", rootId: string, { histories, ...over }: Over = {}): Snapshot {
  const reader = { rootId, directory: DIRECTORY }
  return {
    sessionIds: [rootId],
    busySessionIds: new Set(),
    histories: (histories ?? [historyAfter(name)]).map((raw) => raw.flatMap((one) => toPastMessage(one, reader))),
    permissions: [],
    questions: [],
    todos: [],
    ...over,
  }
}

test("a recorded turn becomes the same messages that the agent's own history has", async () => {
  const live = start("turn")
  const activities: unknown[] = []
  for (const event of live.events) {
    live.conversation.apply(event)
    live.take()
    activities.push(live.conversation.takeActivity() ?? [])
  }
  const read = start("turn")
  await read.conversation.restore(snapshot("turn", read.rootId))
  read.take()
  expect(live.viewer.view).toEqual(read.viewer.view)
  expect(live.viewer.view).toMatchObject([
    { role: "user" },
    {
      parts: [
        { type: "text", body: { text: "Calling bash. " } },
        { type: "tool", body: { tool: { name: "bash", status: "completed", output: "hello\nbye\n", exitCode: 0 } } },
      ],
    },
    {
      parts: [
        { type: "reasoning", body: { text: "hmm ok" } },
        { type: "text", body: { text: "All done now." } },
      ],
    },
  ])
  expect(activities.flat()).toEqual(["idle", "busy", "idle"])
})

test("wherever the stream is cut, reading the state again leads to the same end", async () => {
  const whole = start("turn")
  await whole.conversation.restore(snapshot("turn", whole.rootId))
  whole.take()
  const { events } = whole
  const place = fc.integer({ min: 0, max: events.length })
  await fc.assert(
    fc.asyncProperty(place, place, fc.array(fc.boolean()), async (lost, resumed, takes) => {
      const { conversation, viewer, take, rootId } = start("turn")
      for (const [index, event] of events.slice(0, lost).entries()) {
        conversation.apply(event)
        if (takes[index] ?? true) take()
      }
      // The history was read at the end; events from `resumed` on were buffered meanwhile.
      await conversation.restore(snapshot("turn", rootId))
      for (const event of events.slice(Math.max(lost, resumed))) conversation.apply(event)
      take()
      expect(viewer.view).toEqual(whole.viewer.view)
      expect(conversation.busy).toBe(false)
    }),
  )
})

test("what was read again and is not news makes no change", async () => {
  const { events, conversation, take, rootId } = start("turn")
  for (const event of events) conversation.apply(event)
  take()
  await conversation.restore(snapshot("turn", rootId))
  const changes = conversation.outbox.take(1e9, 1000, 1e7).map(({ change }) => change.type)
  expect(changes).toEqual(["requests.listed"])
})

test("the rest of a text whose beginning was missed is not passed on, its end is", async () => {
  const { events, conversation, viewer, take, rootId } = start("turn")
  const isText = (event: unknown) => JSON.stringify(event).includes('"type":"text","text":""')
  const begin = events.findLastIndex(isText)
  const upTo = historyAfter("turn").slice(0, -1)
  const info = historyAfter("turn").at(-1)?.info as object
  const open = { info: { ...info, time: { created: 5 }, finish: undefined }, parts: [] as unknown[] }
  const part = (events[begin] as { properties: { part: object } }).properties.part
  open.parts.push(part)
  await conversation.restore(
    snapshot("turn", rootId, { histories: [[...upTo, open]], busySessionIds: new Set([rootId]) }),
  )
  for (const event of events.slice(begin + 2)) {
    conversation.apply(event)
    take()
  }
  expect(JSON.stringify(viewer.view)).toContain("All done now.")
})

test("messages that a killed agent left open are interrupted, those of a working one are not", async () => {
  const history = historyAfter("turn").map(({ info, parts }) => ({
    info: { ...(info as object), time: { created: 5 } },
    parts: parts.map((part) => {
      const { state } = part as { state?: object }
      return state === undefined ? part : { ...(part as object), state: { ...state, status: "running" } }
    }),
  }))
  const killed = start("turn")
  await killed.conversation.restore(snapshot("turn", killed.rootId, { histories: [history] }))
  killed.take()
  expect(killed.viewer.view).toMatchObject([
    {},
    { body: { interrupted: true }, parts: [{}, { body: { tool: { status: "interrupted" } } }] },
    { body: { interrupted: true } },
  ])
  const working = start("turn")
  const busySessionIds = new Set([working.rootId])
  await working.conversation.restore(snapshot("turn", working.rootId, { histories: [history], busySessionIds }))
  working.take()
  const [, first, last] = working.viewer.view as { body: object }[]
  expect([first?.body, last?.body]).toMatchObject([
    { interrupted: true },
    expect.not.objectContaining({ interrupted: true }),
  ])
})

test("a sub-agent's messages carry its conversation, and the call names it", () => {
  const { events, conversation, viewer, take } = start("sub-agent")
  const activities: unknown[] = []
  for (const event of events) {
    conversation.apply(event)
    activities.push(conversation.takeActivity() ?? [])
  }
  take()
  const messages = [...viewer.messages.values()]
  const call = messages.flatMap(({ parts }) => [...parts.values()]).find(({ body }) => body.tool?.name === "task")
  const child = call?.body.tool?.childSessionId
  expect(child).toMatch(/^ses_/)
  const ofChild = messages.filter(({ agentSessionId }) => agentSessionId === child)
  expect(ofChild.map(({ role }) => role)).toEqual(["user", "assistant"])
  expect(messages.filter(({ agentSessionId }) => agentSessionId === null)).toHaveLength(3)
  expect(activities.flat()).toEqual(["idle", "busy", "idle"])
})

test("a conversation with more sub-agents than can be followed at once follows its newest, and those that work", () => {
  const { events, conversation, viewer, take, rootId } = start("sub-agent")
  const busy = "ses_busy"
  const began = (id: string) => ({ type: "session.created", properties: { info: { id, parentID: rootId } } })
  conversation.apply(began(busy))
  conversation.apply({ type: "session.status", properties: { sessionID: busy, status: { type: "busy" } } })
  for (let index = 0; index < LIMITS.sub_agents_max * 2; index++) conversation.apply(began(`ses_old${index}`))
  for (const event of events) conversation.apply(event)
  const info = { id: "msg_busy", sessionID: busy, role: "assistant", time: { created: 1 } }
  conversation.apply({ type: "message.updated", properties: { info } })
  take()
  const messages = [...viewer.messages.values()]
  expect(messages.filter(({ agentSessionId }) => agentSessionId === null)).toHaveLength(3)
  expect(messages.filter(({ agentSessionId }) => agentSessionId !== null)).toHaveLength(3)
})

test("a question is open until it is answered, and the agent waits meanwhile", () => {
  const { events, conversation, viewer, take } = start("question")
  const asked = events.findIndex((event) => (event as { type: string }).type === "question.asked")
  for (const event of events.slice(0, asked + 1)) conversation.apply(event)
  take()
  expect([...viewer.requests.values()]).toMatchObject([
    {
      kind: "question",
      state: "open",
      body: { questions: [{ question: "Which colour?", options: [{ label: "red" }, {}] }] },
    },
  ])
  const activities: unknown[] = [conversation.takeActivity()]
  for (const event of events.slice(asked + 1)) {
    conversation.apply(event)
    activities.push(conversation.takeActivity() ?? [])
  }
  take()
  expect([...viewer.requests.values()]).toMatchObject([{ state: "answered", answer: { answers: [["red"]] } }])
  expect(activities.flat()).toEqual(["waiting", "busy", "idle"])
})

test("the permission that a stopped turn had asked for is withdrawn, although the agent keeps listing it", async () => {
  const { events, conversation, viewer, take, rootId } = start("abort-asking")
  for (const event of events) conversation.apply(event)
  take()
  expect([...viewer.requests.values()]).toMatchObject([{ kind: "permission", state: "withdrawn" }])
  const asked = events.find((event) => (event as { type: string }).type === "permission.asked")
  const permissions = [(asked as { properties: unknown }).properties]
  await conversation.restore(snapshot("turn", rootId, { histories: [], permissions }))
  take()
  expect([...viewer.requests.values()]).toMatchObject([{ state: "withdrawn" }])
  expect(viewer.notices).toEqual([])
})

test("a provider's refusal is said once, in the message", () => {
  const { events, conversation, viewer, take } = start("provider-401")
  const outcomes = events.map((event) => conversation.apply(event))
  take()
  expect(outcomes).toContain("poll")
  expect(viewer.notices).toEqual([])
  const failed = [...viewer.messages.values()].flatMap(({ body }) => body.error ?? [])
  expect(failed).toMatchObject([{ code: "provider_refused" }])
  expect(JSON.stringify(failed)).not.toContain("abc123")
})

test("a turn that cannot begin is said once, in a notice", () => {
  const { events, conversation, viewer, take } = start("unknown-agent")
  const outcomes = events.map((event) => conversation.apply(event))
  take()
  expect(outcomes).toContain("poll")
  expect(viewer.notices).toEqual(["agent_failed"])
})

test("nothing that a hostile pod sends throws or grows without bound", () => {
  const { events } = start("sub-agent")
  const paths = (value: unknown, path: string[] = []): string[][] =>
    typeof value === "object" && value !== null
      ? [path, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key]))]
      : [path]
  const mutation = fc.record({
    event: fc.nat(events.length - 1),
    path: fc.nat(),
    value: fc.oneof(fc.jsonValue(), fc.constantFrom("x".repeat(3_000_000), -1, 1e308, "__proto__", [], {})),
  })
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 10 }), (mutations) => {
      const hostile = structuredClone(events)
      for (const { event, path, value } of mutations) {
        const all = paths(hostile[event])
        const chosen = all[path % all.length] ?? []
        let target = hostile[event] as Record<string, unknown>
        for (const key of chosen.slice(0, -1)) target = target[key] as Record<string, unknown>
        const last = chosen.at(-1)
        if (last === undefined) hostile[event] = value
        else target[last] = value
      }
      const { conversation } = start("sub-agent")
      for (const event of hostile) conversation.apply(event)
      const changes = JSON.stringify(conversation.outbox.take(1e9, 1000, 1e9))
      expect(changes.length).toBeLessThan(4_000_000)
      expect(changes).not.toContain("\\u0000")
    }),
    { numRuns: 200 },
  )
})
