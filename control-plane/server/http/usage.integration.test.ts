import { beforeAll, describe, expect, test } from "vitest"
import { startServer } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { createLogger, createMetrics } from "../observability/index.ts"
import { systemClock } from "../time/index.ts"
import { createUsage, type UsagePage } from "../usage/index.ts"

const NOON = Date.UTC(2026, 2, 31, 12)
const DAY_MS = 24 * 3_600_000

const { database } = await testDatabase()
let now = NOON
const clock = { ...systemClock, now: () => now }
const metrics = createMetrics({ runtimeFigures: false })
const log = createLogger({ level: "silent", replica: "test" })
const usage = createUsage({ database, log, clock, metrics })
const server = await startServer({ database, clock })
const cookie = await server.signIn()

async function addUser(id: string): Promise<void> {
  await database.raw("INSERT INTO users (id, issuer, subject, email, name) VALUES (?, 'test', ?, ?, ?)", [
    ...[id, id, `${id}@example.com`, id.toUpperCase()],
  ])
}

async function addSession(id: string, ownerId: string): Promise<void> {
  await database.raw(
    `INSERT INTO sessions (id, owner_id, title, visibility, desired, status)
     VALUES (?, ?, 'x', 'private', 'running', 'running')`,
    [id, ownerId],
  )
}

function count(daysAgo: number, sessionId: string, userId: string, provider: string, bytes: number | "failed"): void {
  now = NOON - daysAgo * DAY_MS
  const failed = bytes === "failed"
  usage.count({ sessionId, userId, provider, failed, bytes: failed ? 0 : bytes })
  now = NOON
}

async function ask(query = ""): Promise<UsagePage> {
  const response = await server.fetch(`/api/usage${query}`, { cookie })
  expect(response.status, query).toBe(200)
  return (await response.json()) as UsagePage
}

const row = (userId: string, provider: string, requests: number, failedRequests: number, responseBytes: number) => ({
  userId,
  email: `${userId}@example.com`,
  name: userId.toUpperCase(),
  provider,
  requests,
  failedRequests,
  responseBytes,
})

beforeAll(async () => {
  for (const id of ["ada", "bob"]) await addUser(id)
  for (const id of ["ses_1", "ses_2"]) await addSession(id, "ada")
  await addSession("ses_3", "bob")
  count(0, "ses_1", "ada", "claude", 100)
  count(29, "ses_1", "ada", "claude", 10)
  count(0, "ses_2", "ada", "claude", "failed")
  count(0, "ses_2", "ada", "local", 5)
  count(30, "ses_2", "ada", "claude", 1_000)
  count(1, "ses_3", "bob", "claude", 7)
  await usage.flush()
  return () => usage.close()
})

describe("the usage of model providers", () => {
  const month = [row("ada", "claude", 3, 1, 110), row("ada", "local", 1, 0, 5), row("bob", "claude", 1, 0, 7)]

  test("is summed by user and provider over the last 30 days, or over those asked for", async () => {
    expect(await ask()).toEqual({ from: "2026-03-02", to: "2026-03-31", items: month, nextCursor: null })
    expect(await ask("?from=2026-03-01")).toMatchObject({ items: [row("ada", "claude", 4, 1, 1_110), {}, {}] })
    expect(await ask("?to=2026-03-01")).toMatchObject({
      from: "2026-01-31",
      items: [row("ada", "claude", 1, 0, 1_000)],
    })
    expect(await ask("?from=2026-03-30&to=2026-03-30")).toMatchObject({ items: [row("bob", "claude", 1, 0, 7)] })
  })

  test("comes page by page, in one order", async () => {
    const first = await ask("?limit=2")
    expect(first).toMatchObject({ items: month.slice(0, 2), nextCursor: "ada/local" })
    const rest = await ask(`?limit=2&cursor=${encodeURIComponent(first.nextCursor ?? "")}`)
    expect(rest).toMatchObject({ items: month.slice(2), nextCursor: null })
  })

  test("outlives its session, also what is written after the session is gone", async () => {
    await addSession("ses_4", "bob")
    count(0, "ses_4", "bob", "gone", 3)
    await usage.flush()
    await database.raw("DELETE FROM sessions WHERE id = 'ses_4'")
    count(0, "ses_4", "bob", "gone", 4)
    await usage.flush()
    const { items } = await ask()
    expect(items.at(-1)).toEqual(row("bob", "gone", 2, 0, 7))
  })

  test("is kept for 400 days", async () => {
    count(400, "ses_1", "ada", "kept", 1)
    count(401, "ses_1", "ada", "past", 1)
    await usage.flush()
    await usage.prune()
    const { items } = await ask("?from=2020-01-01")
    const providers = items.map(({ provider }) => provider)
    expect(providers).toContain("kept")
    expect(providers).not.toContain("past")
  })

  test.each([
    ["from=2026-02-30", "query.from must be a day of the calendar from 1970 on, written as 2026-03-01."],
    ["to=yesterday", "query.to must be a day of the calendar from 1970 on, written as 2026-03-01."],
    ["from=2026-03-02&to=2026-03-01", "The first day, 2026-03-02, is after the last one, 2026-03-01."],
    ["cursor=x", "query.cursor has characters or a form that are not allowed."],
  ])("refuses %s in words", async (query, message) => {
    const response = await server.fetch(`/api/usage?${query}`, { cookie })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: "invalid_request", message } })
  })

  test("is for administrators only", async () => {
    const account = { email: "member@example.com", password: "a long enough password of nobody" }
    const made = await server.fetch("/api/users", { method: "POST", json: { ...account, mustChange: false }, cookie })
    expect(made.status).toBe(201)
    const member = await server.fetch("/api/usage", { cookie: await server.signIn(account) })
    expect(member.status).toBe(403)
    expect(await member.json()).toMatchObject({
      error: { code: "forbidden", message: "Only administrators may do this." },
    })
  })

  test("is counted for operators by provider", async () => {
    const text = await metrics.metrics()
    expect(text).toContain('berth_broker_model_requests_total{provider="claude",outcome="ok"} 4')
    expect(text).toContain('berth_broker_model_requests_total{provider="claude",outcome="failed"} 1')
    expect(text).toContain('berth_broker_model_response_bytes_total{provider="claude"} 1117')
  })
})
