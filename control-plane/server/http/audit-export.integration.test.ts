import { beforeAll, describe, expect, test, vi } from "vitest"
import { startServer } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"

const { database } = await testDatabase()
const server = await startServer({ database })
const cookie = await server.signIn()
const events_count = 1_234

beforeAll(async () => {
  await database.raw(
    `INSERT INTO audit_events (actor_id, actor, action, session_id, outcome, facts)
     SELECT 'usr_1', 'a@b.c', 'session.create', 'ses_' || i % 2, 'ok', jsonb_build_object('index', i)
       FROM generate_series(1, ?) i`,
    [events_count],
  )
})

interface Line {
  readonly id: number
  readonly sessionId: string
  readonly facts: { readonly index: number }
}

async function linesOf(query: string): Promise<Line[]> {
  const response = await server.fetch(`/api/audit/export${query}`, { cookie })
  expect(response.status, query).toBe(200)
  const text = await response.text()
  return text === ""
    ? []
    : text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => JSON.parse(line) as Line)
}

describe("the audit export", () => {
  test("gives every event that matches once, the newest first, over many pages", async () => {
    const lines = await linesOf("?action=session.")
    expect(lines.map(({ facts }) => facts.index)).toEqual(
      Array.from({ length: events_count }, (_, index) => events_count - index),
    )
    expect(Object.keys(lines[0] ?? {}).sort()).toEqual(
      ["id", "at", "actorId", "actor", "action", "sessionId", "requestId", "address", "outcome", "facts"].sort(),
    )
  })

  test("filters as the list does, and goes on before an event", async () => {
    const odd = await linesOf("?sessionId=ses_1&action=session.create&actorId=usr_1&outcome=ok")
    expect(odd).toHaveLength(events_count / 2)
    const rest = await linesOf(`?sessionId=ses_1&cursor=${odd[599]?.id}`)
    expect(rest).toEqual(odd.slice(600))
    expect(await linesOf("?outcome=failed")).toEqual([])
    expect(await linesOf(`?action=session.&from=${Date.now() + 60_000}`)).toEqual([])
    const refused = await server.fetch("/api/audit/export?limit=5", { cookie })
    expect([refused.status, refused.headers.get("content-type")]).toEqual([400, "application/json; charset=utf-8"])
  })

  test("is a file of lines that no cache keeps, and is itself in the record", async () => {
    const response = await server.fetch("/api/audit/export?action=session.", { cookie })
    await response.body?.cancel()
    expect(response.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8")
    expect(response.headers.get("cache-control")).toBe("no-store")
    expect(response.headers.get("content-disposition")).toContain("attachment")
    const [newest] = await database("audit_events").orderBy("id", "desc").limit(1)
    expect(newest).toMatchObject({ action: "audit.export", outcome: "ok", facts: { action: "session." } })
  })

  test("waits for a slow reader, and is cut when the sign-in behind it ends", async () => {
    await database.raw(
      `INSERT INTO audit_events (actor, action, outcome, facts)
       SELECT 'system', 'fat.event', 'ok', jsonb_build_object('text', repeat('x', 4000)) FROM generate_series(1, 8000)`,
    )
    const other = await server.signIn()
    const response = await server.fetch("/api/audit/export?action=fat.", { cookie: other })
    expect(await server.openStreams()).toBe(1)
    await server.fetch("/api/auth/logout", { method: "POST", cookie: other })
    await vi.waitFor(async () => expect(await server.openStreams()).toBe(0), { timeout: 60_000, interval: 50 })
    // Nothing was read while 32 MB were to be sent: what is left of them never comes, and that can be seen.
    await expect(response.text()).rejects.toThrow()
  })
})
