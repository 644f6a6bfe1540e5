import { pino } from "pino"
import { afterAll, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { assistant, text } from "../../../test/support/transcripts/changes.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { type Change, createTranscripts, type SessionEvent } from "./index.ts"

const { database, url } = await testDatabase()
const log = pino({ level: "silent" })
const notifications = createNotifications({ url, log, clock: systemClock })
const transcripts = createTranscripts({ database, notifications, clock: systemClock, log })
afterAll(() => notifications.close())

async function newSession(): Promise<Lease & { userId: string }> {
  const [userId, sessionId] = [newId("usr"), newId("ses")]
  const email = `${userId}@example.org`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "A" })
  const row = { owner_id: userId, title: "t", visibility: "private", desired: "running", status: "running" }
  await database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1 })
  return { sessionId, holder: "one", epoch: 1n, userId }
}

test("what the agent removes stays and is marked, and watchers are told", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await transcripts.append(lease, [assistant("msg_a"), text("msg_a", "prt_1", "a", 9), text("msg_a", "prt_2", "b", 9)])
  await transcripts.append(lease, [{ type: "part.removed", messageId: "msg_a", partId: "prt_1" }])
  const listed = async () => (await transcripts.list(sessionId, { limit: 1 })).items[0]
  const removedAt = expect.any(Number)
  expect((await listed())?.parts).toMatchObject([{ id: "prt_1", removedAt, body: { text: "a" } }, { id: "prt_2" }])
  expect((await listed())?.parts[1]).not.toHaveProperty("removedAt")
  await transcripts.append(lease, [{ type: "message.removed", messageId: "msg_a" }])
  await transcripts.append(lease, [
    { type: "message.removed", messageId: "msg_a" },
    { type: "part.removed", messageId: "msg_a", partId: "prt_1" },
    assistant("msg_a", { completedAt: 99 }),
  ])
  expect(await listed()).toMatchObject({ id: "msg_a", removedAt, completedAt: null, parts: [{ id: "prt_1" }, {}] })
  const watched = transcripts.watch(sessionId, 3, AbortSignal.timeout(10_000))[Symbol.asyncIterator]()
  const { value: events } = await watched.next()
  await watched.return?.()
  expect(events.map(({ change }: SessionEvent) => change)).toEqual([
    { type: "part.removed", messageId: "msg_a", partId: "prt_1", removedAt },
    { type: "message.removed", messageId: "msg_a", removedAt },
  ])
  expect((await transcripts.list(sessionId, { limit: 1 })).lastSeq).toBe(5)
})

test("what comes and is removed in one moment is stored too", async () => {
  const lease = await newSession()
  await transcripts.append(lease, [
    assistant("msg_a"),
    text("msg_a", "prt_1", "a", 9),
    text("msg_a", "prt_2", "b", 9),
    { type: "part.removed", messageId: "msg_a", partId: "prt_1" },
    { type: "message.removed", messageId: "msg_a" },
  ])
  const removedAt = expect.any(Number)
  const { items } = await transcripts.list(lease.sessionId, { limit: 1 })
  expect(items).toMatchObject([{ id: "msg_a", removedAt, parts: [{ id: "prt_1", removedAt }, { id: "prt_2" }] }])
})

test("what has come to its end is not rewritten by the agent; what had none gets its end", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  const call = (status: "running" | "completed", output: string): Change => ({
    type: "part.updated",
    messageId: "msg_a",
    part: { id: "prt_c", type: "tool", body: { tool: { name: "bash", callId: "c", status, output }, startedAt: 1 } },
  })
  await transcripts.append(lease, [
    assistant("msg_a"),
    text("msg_a", "prt_1", "said", 9),
    text("msg_a", "prt_2", "half"),
    call("running", "ran"),
  ])
  await transcripts.append(lease, [{ type: "part.removed", messageId: "msg_a", partId: "prt_2" }])
  await transcripts.append(lease, [call("completed", "ran rm")])
  await transcripts.append(lease, [
    text("msg_a", "prt_1", "never said", 12),
    text("msg_a", "prt_2", "half and half", 12),
    call("completed", "ran nothing"),
    call("running", ""),
  ])
  const parts = (await transcripts.list(sessionId, { limit: 1 })).items[0]?.parts ?? []
  expect(parts.map(({ body, removedAt }) => [body.text ?? body.tool?.output, removedAt])).toEqual([
    ["said", undefined],
    ["half and half", undefined],
    ["ran rm", undefined],
  ])
})

test("a message with the role of a user that nobody sent is the agent's own", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await transcripts.queuePrompt({ sessionId, id: "msg_mine", authorId: lease.userId, text: "mine" })
  await transcripts.append(lease, [assistant("msg_made", { role: "user" })])
  const { items } = await transcripts.list(sessionId, { limit: 5 })
  expect(items.map(({ id, origin }) => [id, origin])).toEqual([
    ["msg_mine", undefined],
    ["msg_made", "agent"],
  ])
})
