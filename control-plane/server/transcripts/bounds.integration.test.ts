import { pino } from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { createTranscripts } from "./index.ts"

const log = pino({ level: "silent" })
const store = await testDatabase()
const { database } = store
const notifications = createNotifications({ url: store.url, log, clock: systemClock })
const transcripts = createTranscripts({ database: store.openPool(), notifications, clock: systemClock, log })
afterAll(() => notifications.close())
beforeAll(async () => {
  await database("users").insert({ id: "usr_1", issuer: "test", subject: "1", email: "a@example.org", name: "A" })
})

async function newSession(): Promise<Lease> {
  const sessionId = newId("ses")
  const row = { owner_id: "usr_1", title: "t", visibility: "private", desired: "running", status: "running" }
  await database("sessions").insert({ id: sessionId, ...row, lease_epoch: 1, event_seq: 1_000_000 })
  return { sessionId, holder: "a", epoch: 1n }
}

/** As an agent could have left it in hours: `texts` of a megabyte each in every one of `messages`. */
async function fill(sessionId: string, messages: number, texts: number, growing = false): Promise<void> {
  await database.raw(
    `INSERT INTO messages (session_id, id, position, role) SELECT ?, 'msg_' || m, m, 'assistant' FROM generate_series(1, ?) m`,
    [sessionId, messages],
  )
  await database.raw(
    `INSERT INTO parts (session_id, message_id, id, position, type, body, seq)
     SELECT :sessionId, 'msg_' || m, 'prt_' || m || 'x' || p, m * 1000 + p, 'text',
       jsonb_build_object('text', repeat('x', :chars), 'startedAt', 5) || CASE WHEN :growing THEN '{}'::jsonb ELSE '{"endedAt": 6}' END, 1
     FROM generate_series(1, :messages) m, generate_series(1, :texts) p`,
    { sessionId, messages, texts, growing, chars: growing ? 10 : 1024 * 1024 },
  )
}

/** A megabyte of deltas for every text. */
async function grow(sessionId: string, messages: number, texts: number): Promise<void> {
  await database.raw(
    `INSERT INTO session_events (session_id, seq, type, body, created_at)
     SELECT :sessionId, 1 + row_number() OVER (), 'part.delta', jsonb_build_object('type', 'part.delta',
       'messageId', 'msg_' || m, 'partId', 'prt_' || m || 'x' || p, 'offset', 10, 'delta', repeat('y', 1024 * 1024)),
       now() - interval '1 day'
     FROM generate_series(1, :messages) m, generate_series(1, :texts) p`,
    { sessionId, messages, texts },
  )
}

const MB = 1024 * 1024

test("a page of very long messages ends early, and all of them are read page by page", async () => {
  const { sessionId } = await newSession()
  await fill(sessionId, 6, 3)
  const seen: string[] = []
  let before: number | undefined
  do {
    const page = await transcripts.list(sessionId, { limit: 100, ...(before === undefined ? {} : { before }) })
    expect(JSON.stringify(page).length).toBeLessThan(9 * MB)
    expect(page.items.every(({ parts }) => parts.length === 3)).toBe(true)
    seen.unshift(...page.items.map(({ id }) => id))
    before = page.nextCursor === null ? undefined : Number(page.nextCursor)
  } while (before !== undefined)
  expect(seen).toEqual(Array.from({ length: 6 }, (_, index) => `msg_${index + 1}`))
})

test("of a message that is too long for any page the newest parts are read, and the older messages after it", async () => {
  const { sessionId } = await newSession()
  await fill(sessionId, 2, 12)
  const newest = await transcripts.list(sessionId, { limit: 100 })
  expect(newest.items.map(({ id, parts }) => [id, parts.length, parts.at(-1)?.id])).toEqual([["msg_2", 8, "prt_2x12"]])
  const oldest = await transcripts.list(sessionId, { limit: 100, before: Number(newest.nextCursor) })
  expect(oldest).toMatchObject({ items: [{ id: "msg_1" }], nextCursor: null })
})

test("texts that grew without end are read up to a limit", async () => {
  const { sessionId } = await newSession()
  await fill(sessionId, 1, 20, true)
  await grow(sessionId, 1, 20)
  const { items } = await transcripts.list(sessionId, { limit: 100 })
  expect(items[0]?.parts).toHaveLength(20)
  expect(JSON.stringify(items).length).toBeLessThan(9 * MB)
  await database("session_events").where({ session_id: sessionId }).delete()
})

test("a watcher reads long events a few at a time, and misses none", async () => {
  const { sessionId } = await newSession()
  await fill(sessionId, 1, 10, true)
  await grow(sessionId, 1, 10)
  await database("sessions").where({ id: sessionId }).update({ event_seq: 11 })
  const sizes: number[] = []
  for await (const batch of transcripts.watch(sessionId, 1, new AbortController().signal)) {
    if (batch === "reset") throw new Error("unexpected reset")
    sizes.push(batch.length)
    if (batch.at(-1)?.seq === 11) break
  }
  expect(sizes).toEqual([4, 4, 2])
  await database("session_events").where({ session_id: sessionId }).delete()
})

test("the old deltas of many texts are pruned into the texts, and what is left open is ended, piece by piece", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  const texts = 12
  await fill(sessionId, 1, texts, true)
  await grow(sessionId, 1, texts)
  expect(await transcripts.prune(60_000)).toBe(texts)
  const lengths = async () =>
    (
      await database.raw(
        `SELECT length(body->>'text') AS length, body->>'endedAt' IS NOT NULL AS ended, count(*)::int FROM parts
         WHERE session_id = ? GROUP BY 1, 2`,
        [sessionId],
      )
    ).rows
  expect(await lengths()).toEqual([{ length: 10 + MB, ended: false, count: texts }])
  await transcripts.markInterrupted(lease)
  expect(await lengths()).toEqual([{ length: 10 + MB, ended: true, count: texts }])
  expect(await database("messages").where({ session_id: sessionId }).first("body")).toEqual({
    body: { interrupted: true },
  })
})

test("a session whose events cannot be pruned does not keep the others' in the log, and a long log goes in pieces", async () => {
  const [broken, long] = [await newSession(), await newSession()]
  await fill(broken.sessionId, 1, 1, true)
  await grow(broken.sessionId, 1, 1)
  await database.raw('UPDATE session_events SET body = body || \'{"offset": "none"}\' WHERE session_id = ?', [
    broken.sessionId,
  ])
  await fill(long.sessionId, 1, 1, true)
  await database.raw(
    `INSERT INTO session_events (session_id, seq, type, body, created_at)
     SELECT ?, 1 + n, 'part.delta', jsonb_build_object('partId', 'prt_1x1', 'offset', 9 + n, 'delta', 'y'), now() - interval '2 days'
     FROM generate_series(1, 25000) n`,
    [long.sessionId],
  )
  await expect(transcripts.prune(60_000)).rejects.toThrow(/integer/)
  const left = await database("session_events")
    .whereIn("session_id", [broken.sessionId, long.sessionId])
    .select("session_id")
  expect(left).toEqual([{ session_id: broken.sessionId }])
  const { items } = await transcripts.list(long.sessionId, { limit: 1 })
  expect(items[0]?.parts[0]?.body.text).toBe("x".repeat(10) + "y".repeat(25_000))
  await database("session_events").where({ session_id: broken.sessionId }).delete()
})

test("of very many messages that were left open every one is ended", async () => {
  const lease = await newSession()
  await fill(lease.sessionId, 250, 0)
  await transcripts.markInterrupted(lease)
  const open = await database("messages").where({ session_id: lease.sessionId, body: "{}" }).count()
  expect(open).toEqual([{ count: 0 }])
})
