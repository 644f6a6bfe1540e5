import { pino } from "pino"
import { afterAll, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { type Change, createTranscripts } from "./index.ts"

const { database, url } = await testDatabase()
const log = pino({ level: "silent" })
const notifications = createNotifications({ url, log, clock: systemClock })
const transcripts = createTranscripts({ database, notifications, clock: systemClock, log })
afterAll(() => notifications.close())

async function newSession(): Promise<Lease> {
  const [userId, sessionId] = [newId("usr"), newId("ses")]
  const email = `${userId}@example.org`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "A" })
  const row = { owner_id: userId, title: "t", visibility: "private", desired: "running", status: "running" }
  await database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1 })
  return { sessionId, holder: "one", epoch: 1n }
}

async function queue({ sessionId }: Lease, ...texts: string[]): Promise<string[]> {
  const { owner_id: authorId } = await database("sessions").where({ id: sessionId }).first("owner_id")
  const ids = texts.map(() => newId("msg"))
  for (const [index, text] of texts.entries()) {
    await transcripts.queuePrompt({ sessionId, id: ids[index] ?? "", authorId, text })
  }
  return ids
}

async function send(lease: Lease, id: string, agentMessageId: string): Promise<void> {
  await transcripts.markSending(lease, id, agentMessageId)
  await transcripts.markSent(lease, id)
}

const answer: Change = {
  type: "message.updated",
  message: {
    id: "msg_answer",
    role: "assistant",
    agentSessionId: null,
    authorId: null,
    delivery: null,
    createdAt: 5,
    completedAt: null,
    body: {},
  },
}

const deliveries = async ({ sessionId }: Lease) => {
  const { items } = await transcripts.list(sessionId, { limit: 9 })
  return items.flatMap(({ role, delivery }) => (role === "user" ? [delivery] : []))
}

test("a prompt that was sent comes before all others until its answer is over", async () => {
  const lease = await newSession()
  const [first = "", second = ""] = await queue(lease, "first", "second")
  await send(lease, first, "msg_agent1")
  const awaited = { messageId: first, agentMessageId: "msg_agent1", delivery: "sent", awaited: true, attempts: 1 }
  expect(await transcripts.nextPrompt(lease.sessionId)).toMatchObject(awaited)
  await transcripts.markSending(lease, first, "msg_agent1")
  expect(await transcripts.nextPrompt(lease.sessionId)).toMatchObject({ ...awaited, delivery: "sending", attempts: 2 })
  await transcripts.markAnswered(lease, first)
  expect(await transcripts.nextPrompt(lease.sessionId)).toMatchObject({ messageId: second, awaited: false })
  expect(await deliveries(lease)).toEqual(["sent", "queued"])
})

test("after the agent's end a prompt that it had not begun to answer is queued again under its id, and counts once", async () => {
  const lease = await newSession()
  const [first = ""] = await queue(lease, "first", "second")
  await send(lease, first, "msg_agent1")
  expect(await transcripts.markInterrupted(lease)).toBe(true)
  expect(await deliveries(lease)).toEqual(["queued", "queued"])
  const again = { messageId: first, agentMessageId: "msg_agent1", delivery: "queued", awaited: true, attempts: 1 }
  expect(await transcripts.nextPrompt(lease.sessionId)).toMatchObject(again)
  expect(await transcripts.markInterrupted(lease)).toBe(false)
})

test("after the agent's end a prompt that it had begun to answer is over", async () => {
  const lease = await newSession()
  const [first = "", second = ""] = await queue(lease, "first", "second")
  await send(lease, first, "msg_agent1")
  await transcripts.append(lease, [answer])
  expect(await transcripts.markInterrupted(lease)).toBe(true)
  expect(await deliveries(lease)).toEqual(["sent", "queued"])
  expect(await transcripts.nextPrompt(lease.sessionId)).toMatchObject({ messageId: second })
})

test("an agent's end between two prompts leaves none without an answer", async () => {
  const lease = await newSession()
  const [first = ""] = await queue(lease, "first")
  await send(lease, first, "msg_agent1")
  await transcripts.append(lease, [answer])
  await transcripts.markAnswered(lease, first)
  expect(await transcripts.markInterrupted(lease)).toBe(false)
  expect(await deliveries(lease)).toEqual(["sent"])
})
