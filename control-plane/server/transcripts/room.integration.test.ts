import { randomBytes } from "node:crypto"
import { pino } from "pino"
import { afterAll, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { assistant, text } from "../../../test/support/transcripts/changes.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { createTranscripts } from "./index.ts"
import { readStoredBytes } from "./room-store.ts"

const MB = 1024 * 1024
const { database, url } = await testDatabase()
const log = pino({ level: "silent" })
const notifications = createNotifications({ url, log, clock: systemClock })
afterAll(() => notifications.close())

/** Transcripts on a clock that is moved by hand. */
function limited(limits: { session?: number; owner?: number; database?: number }) {
  let now = 1_000_000
  const clock = { ...systemClock, now: () => now }
  const { session = 0, owner = 0, database: whole = 0 } = limits
  const room = { session_bytes_max: session, owner_bytes_max: owner, database_bytes_max: whole }
  const transcripts = createTranscripts({ database, notifications, clock, log, room })
  return { transcripts, later: () => void (now += 60_000) }
}

async function newUser(): Promise<string> {
  const userId = newId("usr")
  const email = `${userId}@example.org`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "A" })
  return userId
}

async function newSession(userId: string): Promise<Lease> {
  const sessionId = newId("ses")
  const row = { owner_id: userId, title: "t", visibility: "private", desired: "running", status: "running" }
  await database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1 })
  return { sessionId, holder: "one", epoch: 1n }
}

/** Words that no compression makes shorter. */
const words = (bytes: number) => randomBytes(bytes / 2).toString("hex")

type Limited = ReturnType<typeof limited>["transcripts"]

/** An agent that talks until `times` of so many bytes, and what of it is stored. */
async function flood(transcripts: Limited, lease: Lease, times: number, bytes = 200_000): Promise<number> {
  for (let index = 0; index < times; index++) {
    const id = `msg_${index}`
    await transcripts.append(lease, [assistant(id), text(id, `prt_${index}`, words(bytes), 9)])
  }
  return (await readStoredBytes(database, lease.sessionId))?.session ?? 0
}

test("what an agent says above its session's limit is not stored, and the transcript says so once", async () => {
  const { transcripts } = limited({ session: 4 * MB })
  const lease = await newSession(await newUser())
  expect(await flood(transcripts, lease, 60)).toBeLessThan(4.5 * MB)
  const { notices, items } = await transcripts.list(lease.sessionId, { limit: 100 })
  expect(items.length).toBeGreaterThan(5)
  expect(notices).toMatchObject([
    { code: "not_stored", message: expect.stringContaining("limit of stored conversation, 4 MiB") },
  ])
})

test("another replica goes on with what is left, not with a new limit", async () => {
  const lease = await newSession(await newUser())
  for (let replica = 0; replica < 4; replica++) {
    expect(await flood(limited({ session: 4 * MB }).transcripts, lease, 20)).toBeLessThan(4.5 * MB)
  }
})

test("a user's sessions have one limit together, another user's have their own; a deleted session makes room", async () => {
  const { transcripts, later } = limited({ session: 8 * MB, owner: 4 * MB })
  const [userId, other] = [await newUser(), await newUser()]
  const [first, second, foreign] = [await newSession(userId), await newSession(userId), await newSession(other)]
  await flood(transcripts, first, 60)
  expect(await flood(transcripts, second, 10)).toBeLessThan(MB)
  expect(await flood(transcripts, foreign, 5)).toBeGreaterThan(MB)
  const prompt = { sessionId: second.sessionId, id: newId("msg"), authorId: userId, text: "hello" }
  await expect(transcripts.queuePrompt(prompt)).rejects.toMatchObject({
    code: "limit_reached",
    message: expect.stringContaining("Delete sessions"),
  })
  await database("sessions").where({ id: first.sessionId }).delete()
  later()
  expect((await transcripts.queuePrompt(prompt)).delivery).toBe("queued")
})

test("a person's prompts have the same limit", async () => {
  const { transcripts } = limited({ session: 2 * MB })
  const userId = await newUser()
  const { sessionId } = await newSession(userId)
  const send = () => transcripts.queuePrompt({ sessionId, id: newId("msg"), authorId: userId, text: words(200_000) })
  const answers = await Promise.allSettled(Array.from({ length: 30 }, send))
  const refused = answers.filter(({ status }) => status === "rejected")
  expect(refused.length).toBeGreaterThan(20)
  expect(refused[0]).toMatchObject({
    reason: { code: "limit_reached", message: expect.stringContaining("a new session") },
  })
})

test("a database that is nearly full takes no more words and lets sessions be deleted", async () => {
  const lease = await newSession(await newUser())
  const { database: size = 0 } = (await readStoredBytes(database, lease.sessionId)) ?? {}
  const { transcripts } = limited({ database: size - 1 })
  expect(await flood(transcripts, lease, 10)).toBeLessThan(MB / 10)
  const { notices } = await transcripts.list(lease.sessionId, { limit: 1 })
  expect(notices).toMatchObject([{ message: expect.stringContaining("a larger volume") }])
  expect(await database("sessions").where({ id: lease.sessionId }).delete()).toBe(1)
})
