import { pino } from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { testDatabase } from "../../../test/support/postgres.ts"
import { assistant, delta, notice, text, tool } from "../../../test/support/transcripts/changes.ts"
import { newId } from "../crypto/index.ts"
import { createNotifications } from "../database/index.ts"
import { isAppError } from "../errors/index.ts"
import type { Lease } from "../leases/types.ts"
import { systemClock } from "../time/index.ts"
import { type Change, createTranscripts, type SessionEvent, type Transcripts } from "./index.ts"

const test_ = await testDatabase()
const { database } = test_
const log = pino({ level: "silent" })

interface Replica {
  readonly transcripts: Transcripts
  close(): Promise<void>
}

/** What one replica has: its own pool, its own LISTEN connection. */
function replica(): Replica {
  const notifications = createNotifications({ url: test_.url, log, clock: systemClock })
  const transcripts = createTranscripts({ database: test_.openPool(), notifications, clock: systemClock, log })
  return { transcripts, close: () => notifications.close() }
}

const one = replica()
const two = replica()
afterAll(() => Promise.all([one.close(), two.close()]))

beforeAll(async () => {
  await database("users").insert({ id: "usr_1", issuer: "test", subject: "1", email: "a@example.org", name: "A" })
})

async function newSession(epoch = 1): Promise<Lease> {
  const sessionId = newId("ses")
  await database("sessions").insert({
    id: sessionId,
    owner_id: "usr_1",
    title: "t",
    visibility: "private",
    desired: "running",
    status: "running",
    lease_holder: "a",
    lease_epoch: epoch,
  })
  return { sessionId, holder: "a", epoch: BigInt(epoch) }
}

async function read(
  transcripts: Transcripts,
  sessionId: string,
  afterSeq: number,
  until: (events: readonly SessionEvent[]) => boolean,
): Promise<SessionEvent[]> {
  const stop = new AbortController()
  const events: SessionEvent[] = []
  for await (const batch of transcripts.watch(sessionId, afterSeq, stop.signal)) {
    if (batch === "reset") throw new Error("unexpected reset")
    events.push(...batch)
    if (until(events)) break
  }
  return events
}

const numbers = (events: readonly SessionEvent[]) => events.map(({ seq }) => seq)
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

test("a turn is stored as messages and parts in the order of arrival, and as numbered events", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await one.transcripts.append(lease, [assistant("msg_a"), text("msg_a", "prt_2", "")])
  await one.transcripts.append(lease, [delta("msg_a", "prt_2", 0, "Hello "), delta("msg_a", "prt_2", 6, "world")])
  await one.transcripts.append(lease, [tool("msg_a", "prt_1", "running")])

  const growing = await two.transcripts.list(sessionId, { limit: 10 })
  expect(growing.lastSeq).toBe(5)
  expect(growing.items[0]?.parts.map(({ id, body }) => [id, body.text ?? body.tool?.status])).toEqual([
    ["prt_2", "Hello world"],
    ["prt_1", "running"],
  ])

  await one.transcripts.append(lease, [
    tool("msg_a", "prt_1", "completed"),
    text("msg_a", "prt_2", "Hello world!", 9),
    assistant("msg_a", { completedAt: 1_795_327_455_166, body: { finish: "stop" } }),
  ])
  const done = await two.transcripts.list(sessionId, { limit: 10 })
  expect(done.items[0]).toMatchObject({ completedAt: 1_795_327_455_166, body: { finish: "stop" } })
  expect(done.items[0]?.parts.map(({ body }) => body.text ?? body.tool?.status)).toEqual(["Hello world!", "completed"])
  const events = await read(two.transcripts, sessionId, 0, (found) => found.length >= 8)
  expect(numbers(events)).toEqual(upTo(8))
  const session = await database("sessions").where({ id: sessionId }).first("last_message")
  expect(session.last_message).toEqual({ role: "assistant", text: "Hello world!", at: 9 })
})

test("what was said besides the messages is in the newest page as long as it is in the log, and not told twice", async () => {
  const { sessionId, ...lease } = await newSession()
  const said = (message: string): Change => ({ type: "notice", level: "error", code: "git_refused", message })
  await one.transcripts.append({ sessionId, ...lease }, [assistant("msg_a"), assistant("msg_b")])
  for (let count = 1; count <= 25; count++) await one.transcripts.publish(sessionId, said(`refused ${count}`))
  const { notices = [], lastSeq, nextCursor } = await two.transcripts.list(sessionId, { limit: 1 })
  expect(notices).toHaveLength(20)
  expect(notices.at(-1)).toEqual({ seq: lastSeq, level: "error", code: "git_refused", message: "refused 25" })
  expect(await two.transcripts.list(sessionId, { limit: 1, before: Number(nextCursor) })).not.toHaveProperty("notices")
  await database.raw("UPDATE session_events SET created_at = now() - interval '1 day' WHERE session_id = ?", [
    sessionId,
  ])
  await one.transcripts.prune(60_000)
  expect((await two.transcripts.list(sessionId, { limit: 1 })).notices).toEqual([])
})

test("what is not news makes no event", async () => {
  const lease = await newSession()
  const batch = [assistant("msg_a"), text("msg_a", "prt_1", "done", 9), tool("msg_a", "prt_2", "completed")]
  await one.transcripts.append(lease, batch)
  await one.transcripts.append(lease, batch)
  expect((await one.transcripts.list(lease.sessionId, { limit: 10 })).lastSeq).toBe(3)
})

test("a snapshot that shows a growing text shorter than it is does not take anything back", async () => {
  const lease = await newSession()
  await one.transcripts.append(lease, [assistant("msg_a"), text("msg_a", "prt_1", "")])
  await one.transcripts.append(lease, [delta("msg_a", "prt_1", 0, "Hello world")])
  await one.transcripts.append(lease, [assistant("msg_a"), text("msg_a", "prt_1", "")])
  await one.transcripts.append(lease, [text("msg_a", "prt_1", "Hello")])
  const { items, lastSeq } = await one.transcripts.list(lease.sessionId, { limit: 10 })
  expect([items[0]?.parts[0]?.body.text, lastSeq]).toEqual(["Hello world", 3])
})

test("an agent can neither rewrite nor remove what a user wrote", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await one.transcripts.queuePrompt({ sessionId, id: "msg_mine", authorId: "usr_1", text: "mine" })
  await one.transcripts.append(lease, [
    assistant("msg_mine"),
    text("msg_mine", "prt_x", "forged", 9),
    { type: "message.removed", messageId: "msg_mine" },
    text("msg_none", "prt_y", "no such message", 9),
  ])
  const { items, lastSeq } = await one.transcripts.list(sessionId, { limit: 10 })
  expect(items.map(({ role, parts }) => [role, parts.map(({ body }) => body.text)])).toEqual([["user", ["mine"]]])
  expect(lastSeq).toBe(2)
})

test("several watchers on two replicas see every event once and in order while a stale writer is refused", async () => {
  const lease = await newSession(2)
  const { sessionId } = lease
  const stale: Lease = { ...lease, epoch: 1n }
  const batches = 60
  const last = (events: readonly SessionEvent[]) => {
    const change = events.at(-1)?.change
    return change?.type === "notice" && change.message === "last"
  }
  const watchers = [one, two, one, two].map(({ transcripts }) => read(transcripts, sessionId, 0, last))
  let refused = 0
  const fight = async () => {
    for (let index = 0; index < batches; index++) {
      await two.transcripts.append(stale, [assistant("msg_stale"), notice("stale")]).catch((error: unknown) => {
        if (isAppError(error, "stale_lease")) refused++
      })
    }
  }
  const write = async () => {
    for (let index = 0; index < batches; index++) {
      const id = `msg_${index}`
      await one.transcripts.append(lease, [assistant(id), text(id, `prt_${index}`, "")])
      await one.transcripts.append(lease, [delta(id, `prt_${index}`, 0, "x")])
      await two.transcripts.publish(sessionId, notice("from another replica"))
    }
  }
  await Promise.all([fight(), write()])
  await one.transcripts.append(lease, [notice("last")])
  const seen = await Promise.all(watchers)
  expect(refused).toBe(batches)
  for (const events of seen) expect(numbers(events)).toEqual(upTo(batches * 4 + 1))
  expect(new Set(seen.map((events) => JSON.stringify(events))).size).toBe(1)
  expect(JSON.stringify(seen[0])).not.toContain("stale")
})

test("a watcher resumes after any number without gap or repeat", async () => {
  const lease = await newSession()
  for (let index = 0; index < 30; index++) await one.transcripts.append(lease, [notice(String(index))])
  for (const after of [0, 1, 15, 29]) {
    const events = await read(two.transcripts, lease.sessionId, after, (found) => found.at(-1)?.seq === 30)
    expect(numbers(events)).toEqual(upTo(30).slice(after))
  }
})

test("a watcher whose place is no longer in the log is told to read the history again, and goes on from there", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await one.transcripts.append(lease, [assistant("msg_a"), text("msg_a", "prt_1", "")])
  await one.transcripts.append(lease, [delta("msg_a", "prt_1", 0, "kept")])
  await database("session_events")
    .where({ session_id: sessionId })
    .update({ created_at: new Date(0) })
  expect(await one.transcripts.prune(60_000)).toBe(3)
  expect((await one.transcripts.list(sessionId, { limit: 5 })).items[0]?.parts[0]?.body.text).toBe("kept")

  for (const place of [0, 2, 99]) {
    const stop = new AbortController()
    const seen: unknown[] = []
    for await (const batch of two.transcripts.watch(sessionId, place, stop.signal)) {
      seen.push(batch === "reset" ? batch : numbers(batch))
      if (seen.length === 2) break
      await one.transcripts.publish(sessionId, notice("new"))
    }
    expect(seen).toEqual(["reset", [(seen[1] as number[])[0]]])
  }
  await one.transcripts.append(lease, [delta("msg_a", "prt_1", 4, " and more")])
  expect((await one.transcripts.list(sessionId, { limit: 5 })).items[0]?.parts[0]?.body.text).toBe("kept and more")
})

test("a watcher of a session that is deleted is told so at last", async () => {
  const lease = await newSession()
  await one.transcripts.append(lease, [notice("a")])
  const watching = read(two.transcripts, lease.sessionId, 0, () => false)
  await database("sessions").where({ id: lease.sessionId }).delete()
  expect((await watching).at(-1)?.change).toEqual({ type: "session.deleted" })
})

test("what an agent left open is marked as interrupted, with the text as far as it came", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  await one.transcripts.append(lease, [
    assistant("msg_a"),
    text("msg_a", "prt_1", ""),
    tool("msg_a", "prt_2", "running"),
    { type: "request.updated", request: permission("per_1") },
  ])
  await one.transcripts.append(lease, [delta("msg_a", "prt_1", 0, "half a sen")])
  await one.transcripts.markInterrupted(lease)
  const { items, lastSeq } = await one.transcripts.list(sessionId, { limit: 5 })
  expect(items[0]?.body.interrupted).toBe(true)
  expect(items[0]?.parts.map(({ body }) => body.text ?? body.tool?.status)).toEqual(["half a sen", "interrupted"])
  expect((await one.transcripts.requests(sessionId)).map(({ state }) => state)).toEqual(["withdrawn"])

  // What the agent says after its restart is nothing new.
  await one.transcripts.append(lease, [
    assistant("msg_a", { body: { interrupted: true } }),
    text("msg_a", "prt_1", ""),
    tool("msg_a", "prt_2", "interrupted"),
  ])
  await one.transcripts.markInterrupted(lease)
  expect((await one.transcripts.list(sessionId, { limit: 5 })).lastSeq).toBe(lastSeq)
})

test("requests that the agent no longer lists are withdrawn", async () => {
  const lease = await newSession()
  await one.transcripts.append(lease, [
    { type: "request.updated", request: permission("per_1") },
    { type: "request.updated", request: permission("per_2") },
  ])
  await one.transcripts.append(lease, [{ type: "requests.listed", openIds: ["per_2"] }])
  expect((await one.transcripts.requests(lease.sessionId, "open")).map(({ id }) => id)).toEqual(["per_2"])
  const events = await read(one.transcripts, lease.sessionId, 2, (found) => found.length === 1)
  expect(events[0]?.change).toMatchObject({ type: "request.updated", request: { id: "per_1", state: "withdrawn" } })
})

test("a prompt is queued once, sent once, and known by the agent's id", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  const input = { sessionId, id: newId("msg"), authorId: "usr_1", text: "do\0 it \uD800" }
  const [first, repeat] = await Promise.all([one.transcripts.queuePrompt(input), two.transcripts.queuePrompt(input)])
  expect(repeat).toEqual(first)
  await expect(one.transcripts.queuePrompt({ ...input, text: "other" })).rejects.toMatchObject({
    code: "idempotency_mismatch",
  })
  await one.transcripts.queuePrompt({ ...input, id: newId("msg"), text: "second" })

  const prompt = await two.transcripts.nextPrompt(sessionId)
  expect(prompt).toMatchObject({ messageId: input.id, agentMessageId: null, delivery: "queued" })
  expect(prompt?.parts[0]).toMatchObject({ id: expect.stringMatching(/^prt_/), text: "do\uFFFD it \uFFFD" })
  await one.transcripts.markSending(lease, input.id, "msg_agent1")
  await one.transcripts.markSending(lease, input.id, "msg_agent2")
  expect(await two.transcripts.nextPrompt(sessionId)).toMatchObject({
    agentMessageId: "msg_agent1",
    delivery: "sending",
  })
  await expect(one.transcripts.markSent({ ...lease, epoch: 0n }, input.id)).rejects.toMatchObject({
    code: "stale_lease",
  })
  await one.transcripts.markSent(lease, input.id)
  expect(await one.transcripts.ownPrompts(sessionId, 10)).toEqual(["msg_agent1"])

  await one.transcripts.markAnswered(lease, input.id)
  const second = await two.transcripts.nextPrompt(sessionId)
  await one.transcripts.markFailed(lease, second?.messageId ?? "", { code: "agent_failed", message: "No." })
  expect(await two.transcripts.nextPrompt(sessionId)).toBeNull()
  const { items } = await one.transcripts.list(sessionId, { limit: 5 })
  expect(items.map(({ delivery }) => delivery)).toEqual(["sent", "failed"])
  const session = await database("sessions").where({ id: sessionId }).first("pending", "last_message")
  expect(session).toMatchObject({ pending: true, last_message: { role: "user", text: "second" } })
})

test("a prompt that waited while the agent was busy is read where the agent takes it up", async () => {
  const lease = await newSession()
  const { sessionId } = lease
  const [first, second] = [newId("msg"), newId("msg")]
  for (const id of [first, second]) {
    await one.transcripts.queuePrompt({ sessionId, id, authorId: "usr_1", text: id })
  }
  const order = async () => (await two.transcripts.list(sessionId, { limit: 9 })).items.map(({ id }) => id)

  await one.transcripts.markSending(lease, first, "msg_agent1")
  expect(await order()).toEqual([first, second])
  await one.transcripts.markSent(lease, first)
  await one.transcripts.append(lease, [assistant("msg_answer")])
  expect(await order()).toEqual([first, second, "msg_answer"])
  await one.transcripts.markAnswered(lease, first)
  await one.transcripts.markSending(lease, second, "msg_agent2")
  expect(await order()).toEqual([first, "msg_answer", second])
  await one.transcripts.markSending(lease, second, "msg_agent2")
  await one.transcripts.append(lease, [assistant("msg_answer_2")])
  expect(await order()).toEqual([first, "msg_answer", second, "msg_answer_2"])
})

test("history comes in pages, newest last", async () => {
  const lease = await newSession()
  await one.transcripts.append(
    lease,
    upTo(7).map((index) => assistant(`msg_${index}`)),
  )
  const seen: string[][] = []
  let before: number | undefined
  do {
    const page = await one.transcripts.list(lease.sessionId, { limit: 3, ...(before === undefined ? {} : { before }) })
    seen.push(page.items.map(({ id }) => id))
    before = page.nextCursor === null ? undefined : Number(page.nextCursor)
  } while (before !== undefined)
  expect(seen).toEqual([["msg_5", "msg_6", "msg_7"], ["msg_2", "msg_3", "msg_4"], ["msg_1"]])
})

function permission(id: string) {
  const body = { permission: "bash", patterns: ["ls"], always: ["ls *"], command: "ls" }
  return { id, kind: "permission", state: "open", createdAt: 1_795_327_453_875, body, answer: null } as const
}
