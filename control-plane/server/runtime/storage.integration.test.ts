import { pino } from "pino"
import { afterEach, beforeAll, expect, test } from "vitest"
import { until } from "../../../scripts/lib/wait.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { type Handler, ROOT_ID, type SpokenPod, spokenPod } from "../../../test/support/runtime/pod.ts"
import { newId, Secret } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { createTranscripts } from "../transcripts/index.ts"
import { createRuntime } from "./index.ts"
import { LIMITS } from "./opencode-v1/limits.ts"

const log = pino({ level: "silent" })
const runtime = createRuntime({ clock: systemClock, log })
const store = await testDatabase()
const ends: (() => Promise<void>)[] = []

beforeAll(async () => {
  await store.database("users").insert({ id: "usr_1", issuer: "test", subject: "1", email: "a@example.org", name: "A" })
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A pod whose every word goes into the real store. */
async function stored(handle?: Handler) {
  const pod = await spokenPod(handle)
  ends.push(pod.close)
  const sessionId = newId("ses")
  const row = { owner_id: "usr_1", title: "t", visibility: "private", desired: "running", status: "running" }
  await store.database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1 })
  const lease: Lease = { sessionId, holder: "one", epoch: 1n }
  const notifications = createNotifications({ url: store.url, log, clock: systemClock })
  ends.push(() => notifications.close())
  const transcripts = createTranscripts({ database: store.openPool(), notifications, clock: systemClock, log })
  const state = { ready: false, over: false }
  const connection = runtime.connect({
    target: { baseUrl: pod.url, password: new Secret("pw"), directory: "/workspace/repo" },
    title: "t",
    agentSessionId: ROOT_ID,
    signal: new AbortController().signal,
    sink: {
      agentSession: async () => {},
      changes: (changes) => transcripts.append(lease, changes),
      activity: async () => {},
      ownPrompts: async () => [],
      storedTexts: (ids) => transcripts.texts(sessionId, ids),
      ready: async () => void (state.ready = true),
      link: () => {},
    },
  })
  void connection.closed.then(() => void (state.over = true))
  ends.push(async () => {
    connection.close()
    await connection.closed
  })
  await until("the connection", async () => state.ready, { timeout_ms: 90_000, every_ms: 20 })
  const history = async () => (await transcripts.list(sessionId, { limit: 500 })).items
  return { pod, state, history, lease, transcripts }
}

const openMessage = (pod: SpokenPod, id: string) =>
  pod.say("message.updated", { info: { id, sessionID: ROOT_ID, role: "assistant", time: { created: 5 } } })
const say = (pod: SpokenPod, messageID: string, part: object) =>
  pod.say("message.part.updated", { part: { sessionID: ROOT_ID, messageID, ...part } })
const grow = (pod: SpokenPod, messageID: string, partID: string, delta: string) =>
  pod.say("message.part.delta", { sessionID: ROOT_ID, messageID, partID, field: "text", delta })

const UNSTORABLE = "a\0b \uD800 c \uDC00 d \uDC00\uD800"

test("what PostgreSQL cannot store does not stop the transcript, wherever an agent puts it", async () => {
  const { pod, state, history, lease, transcripts } = await stored()
  openMessage(pod, "msg_1")
  say(pod, "msg_1", { id: "prt_1", type: "text", text: "", time: { start: 5 } })
  for (const delta of [UNSTORABLE, "\uD83D", "no other half", "\uD83D", "\uDE00", "\uDE00 alone"])
    grow(pod, "msg_1", "prt_1", delta)
  say(pod, "msg_1", {
    id: "prt_2",
    type: "tool",
    tool: UNSTORABLE,
    callID: UNSTORABLE,
    state: {
      status: "completed",
      title: UNSTORABLE,
      input: { [UNSTORABLE]: [UNSTORABLE, { deep: UNSTORABLE }] },
      output: UNSTORABLE,
      error: UNSTORABLE,
      metadata: { exit: -1, output: UNSTORABLE },
      time: { start: 5.5, end: 6 },
    },
  })
  say(pod, "msg_1", { id: "prt_3", type: "file", filename: UNSTORABLE, mime: UNSTORABLE })
  say(pod, "msg_1", { id: "prt_4", type: "patch", files: [UNSTORABLE] })
  say(pod, "msg_1", { id: "prt_5", type: "subtask", description: UNSTORABLE })
  const error = { name: UNSTORABLE, data: { message: UNSTORABLE, statusCode: 400, responseBody: UNSTORABLE } }
  const failed = { role: "assistant", time: { created: 5, completed: 6 }, error, finish: UNSTORABLE }
  pod.say("message.updated", { info: { id: "msg_2", sessionID: ROOT_ID, ...failed, modelID: UNSTORABLE } })
  pod.say("todo.updated", { sessionID: ROOT_ID, todos: [{ content: UNSTORABLE, status: UNSTORABLE }] })
  const asked = { sessionID: ROOT_ID, permission: UNSTORABLE, patterns: [UNSTORABLE], always: [UNSTORABLE] }
  pod.say("permission.asked", { id: "per_1", ...asked, metadata: { command: UNSTORABLE, diff: UNSTORABLE } })
  pod.say("permission.replied", { requestID: "per_1", reply: UNSTORABLE })
  const question = { question: UNSTORABLE, header: UNSTORABLE, options: [{ label: UNSTORABLE }] }
  pod.say("question.asked", { id: "que_1", sessionID: ROOT_ID, questions: [question] })
  pod.say("question.replied", { requestID: "que_1", answers: [[UNSTORABLE]] })
  const retry = { type: "retry", attempt: 1, message: UNSTORABLE, next: 1 }
  pod.say("session.status", { sessionID: ROOT_ID, status: retry })
  pod.say("session.error", { sessionID: ROOT_ID, error })
  openMessage(pod, "msg_last")

  const arrived = async () => state.over || (await history()).some(({ id }) => id === "msg_last")
  await until("the last message", arrived, { timeout_ms: 90_000, every_ms: 20 })
  expect(state.over).toBe(false)
  const [first] = await history()
  expect(first?.parts[0]?.body.text).toBe(
    "a\uFFFDb \uFFFD c \uFFFD d \uFFFD\uFFFD\uFFFDno other half\u{1F600}\uFFFD alone",
  )
  expect(first?.parts).toHaveLength(5)
  expect((await transcripts.requests(lease.sessionId)).map(({ state }) => state)).toEqual(["answered", "answered"])
})

const callOf = (id: string, status: string, output: string) => ({
  id,
  type: "tool",
  tool: "read",
  callID: "c",
  state: {
    status,
    input: {},
    output,
    metadata: { output },
    time: { start: 5, ...(status === "running" ? {} : { end: 6 }) },
  },
})

test("an event that is too long to be read is made good from the agent's history, and what is kept of it is short", async () => {
  const output = "x".repeat(LIMITS.event_bytes_max + 1)
  let asked = 0
  const { pod, state, history } = await stored((request, response) => {
    if (!request.url?.startsWith(`/session/${ROOT_ID}/message`)) return false
    asked += 1
    const info = { id: "msg_1", sessionID: ROOT_ID, role: "assistant", time: { created: 5 } }
    const part = { ...callOf("prt_1", "completed", output), sessionID: ROOT_ID, messageID: "msg_1" }
    response.setHeader("content-type", "application/json")
    response.end(JSON.stringify(asked === 1 ? [] : [{ info, parts: [part] }]))
    return true
  })
  openMessage(pod, "msg_1")
  say(pod, "msg_1", callOf("prt_1", "running", "begun"))
  await until("the call", async () => (await history()).length > 0, { timeout_ms: 90_000, every_ms: 20 })
  for (let count = 0; count < 3; count++) say(pod, "msg_1", callOf("prt_1", "completed", output))
  const call = async () => (await history())[0]?.parts[0]?.body.tool
  await until("the call's end", async () => (await call())?.status === "completed", {
    timeout_ms: 90_000,
    every_ms: 20,
  })
  expect((await call())?.output).toHaveLength(LIMITS.output_chars_max)
  expect([asked, state.over]).toEqual([2, false])
})

test("a turn of ten thousand parts is stored whole, and its history can still be read", {
  timeout: 600_000,
}, async () => {
  const { pod, state, history, lease, transcripts } = await stored()
  const [messages, parts] = [100, 100]
  const newest = async () => (await transcripts.list(lease.sessionId, { limit: 1 })).items[0]?.id
  for (let message = 0; message < messages; message++) {
    openMessage(pod, `msg_${message}`)
    for (let part = 0; part < parts; part++)
      say(pod, `msg_${message}`, callOf(`prt_${message}x${part}`, "completed", "word"))
    if (message % 10 < 9) continue
    const arrived = async () => state.over || (await newest()) === `msg_${message}`
    await until(`message ${message}`, arrived, { timeout_ms: 90_000, every_ms: 20 })
  }
  openMessage(pod, "msg_last")
  const arrived = async () => state.over || (await newest()) === "msg_last"
  await until("the last message", arrived, { timeout_ms: 90_000, every_ms: 20 })
  expect(state.over).toBe(false)
  expect(await store.database("parts").where({ session_id: lease.sessionId }).count()).toEqual([
    { count: messages * parts },
  ])
  expect((await history()).flatMap((message) => message.parts).length).toBe(messages * parts)
})
