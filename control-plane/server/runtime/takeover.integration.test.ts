import { pino } from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { until } from "../../../scripts/lib/wait.ts"
import { type Agent, startAgent } from "../../../test/support/opencode.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { createTranscripts, type SessionEvent, type Transcripts } from "../transcripts/index.ts"
import { type AgentConnection, createRuntime } from "./index.ts"

const log = pino({ level: "silent" })
const runtime = createRuntime({ clock: systemClock, log })
const store = await testDatabase()
let agent: Agent

beforeAll(async () => {
  agent = await startAgent()
  await store.database("users").insert({ id: "usr_1", issuer: "test", subject: "1", email: "a@example.org", name: "A" })
})
afterAll(() => agent.stop())

function replica(): Transcripts {
  const notifications = createNotifications({ url: store.url, log, clock: systemClock })
  afterAll(() => notifications.close())
  return createTranscripts({ database: store.openPool(), notifications, clock: systemClock, log })
}

/** What the engine does with the lease: the agent's changes go into the transcript. */
function drive(transcripts: Transcripts, lease: Lease, agentSessionId: string | null) {
  const state = { agentSessionId, ready: false, activity: "" }
  const connection: AgentConnection = runtime.connect({
    target: agent.target,
    title: "t",
    agentSessionId,
    signal: new AbortController().signal,
    sink: {
      agentSession: async (id) => void (state.agentSessionId = id),
      changes: (changes) => transcripts.append(lease, changes),
      activity: async (activity) => void (state.activity = activity),
      ownPrompts: (limit) => transcripts.ownPrompts(lease.sessionId, limit),
      storedTexts: (ids) => transcripts.texts(lease.sessionId, ids),
      ready: async () => void (state.ready = true),
      link: () => {},
    },
  })
  return { state, connection }
}

test("a turn whose driver is replaced in the middle goes on for watchers and is whole in the end, and the old driver is refused", async () => {
  const [one, two] = [replica(), replica()]
  const sessionId = newId("ses")
  const row = {
    owner_id: "usr_1",
    title: "t",
    visibility: "private",
    desired: "running",
    status: "running",
    lease_epoch: 1,
  }
  await store.database("sessions").insert({ id: sessionId, ...row })
  const lease: Lease = { sessionId, holder: "one", epoch: 1n }
  const seen: SessionEvent[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const batch of two.watch(sessionId, 0, stop.signal)) if (batch !== "reset") seen.push(...batch)
  })()

  const first = drive(one, lease, null)
  const text = "bash: echo hello\nslow: 300 40"
  await one.queuePrompt({ sessionId, id: newId("msg"), authorId: "usr_1", text })
  const prompt = await one.nextPrompt(sessionId)
  const agentMessageId = runtime.newMessageId()
  await until("the first driver", async () => first.state.ready, { timeout_ms: 90_000, every_ms: 20 })
  await one.markSending(lease, prompt?.messageId ?? "", agentMessageId)
  await first.connection.prompt({ agentMessageId, parts: prompt?.parts ?? [] })
  await one.markSent(lease, prompt?.messageId ?? "")
  const words = async () => JSON.stringify(await two.list(sessionId, { limit: 10 }))
  await until("the answer growing", async () => (await words()).includes("word20 "), {
    timeout_ms: 90_000,
    every_ms: 50,
  })

  await store.database("sessions").where({ id: sessionId }).update({ lease_epoch: 2 })
  const second = drive(two, { ...lease, holder: "two", epoch: 2n }, first.state.agentSessionId)
  await first.connection.closed
  const growing = async () => (await two.list(sessionId, { limit: 10 })).items.at(-1)?.parts.at(-1)?.body
  const goesOn = async () => {
    const body = await growing()
    return /word20 .* \[…\] .*word\d+ /.test(body?.text ?? "") && body
  }
  expect((await until("the text going on", goesOn, { timeout_ms: 90_000, every_ms: 20 })).endedAt).toBeUndefined()
  const isIdle = async () => second.state.ready && second.state.activity === "idle"
  await until("the turn's end", isIdle, { timeout_ms: 90_000, every_ms: 20 })

  const { items, lastSeq } = await one.list(sessionId, { limit: 10 })
  expect(items.map(({ role, parts }) => [role, parts.map(({ body }) => body.text ?? body.tool?.status)])).toEqual([
    ["user", [text]],
    ["assistant", ["Calling bash. ", "completed"]],
    ["assistant", [expect.stringMatching(/^word0 .* word299$/)]],
  ])
  await until("the watcher", async () => seen.at(-1)?.seq === lastSeq, { timeout_ms: 60_000, every_ms: 20 })
  expect(seen.map(({ seq }) => seq)).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1))
  stop.abort()
  await watching
  second.connection.close()
  await second.connection.closed
})
