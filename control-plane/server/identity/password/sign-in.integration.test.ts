import type { ScryptOptions } from "node:crypto"
import { beforeEach, describe, expect, test, vi } from "vitest"
import { ADMIN, startServer, testConfig } from "../../../../test/support/http/server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { ensureFirstAdministrator, resetAdministrator, subjectOf } from "./index.ts"
import { createSignInLimits, LIMITS } from "./limits.ts"

type Derived = (error: Error | null, key: Buffer) => void
/** The cost of every scrypt that was run: what makes a sign-in slow. */
const derivations = vi.hoisted((): { N: number; r: number; p: number; bytes: number }[] => [])
vi.mock("node:crypto", async (original) => {
  const real = await original<typeof import("node:crypto")>()
  const scrypt = (password: string, salt: Buffer, bytes: number, cost: ScryptOptions, done: Derived) => {
    const { N = 0, r = 0, p = 0 } = cost
    derivations.push({ N, r, p, bytes })
    real.scrypt(password, salt, bytes, cost, done)
  }
  return { ...real, scrypt }
})

const { database, openPool } = await testDatabase()
let now = Date.now()
const clock = { now: () => now, sleep: async () => undefined }
const silent = { info: () => undefined } as never
/** What a replica does at its start with this Secret. */
const startWith = (secret: Record<string, string>) =>
  ensureFirstAdministrator({
    database,
    administrator: testConfig({}, secret).firstAdministrator,
    audit: { record: async () => undefined },
    log: silent,
  })
// Two replicas on one database, throughout.
const one = await startServer({ database, clock })
const made = await database("users").select("id", "email")
await startWith({ BERTH_ADMIN_EMAIL: "typo@example.com", BERTH_ADMIN_PASSWORD: "a first mistake\r\n" })
const corrected = await Promise.all([
  database("users").select("id", "email", "subject"),
  one.fetch("/api/auth/password", {
    method: "POST",
    json: { email: "typo@example.com", password: "not this password" },
  }),
])
// As people correct it, with a line break at the end as `--from-file` leaves it.
await startWith({ BERTH_ADMIN_EMAIL: `${ADMIN.email}\n`, BERTH_ADMIN_PASSWORD: `${ADMIN.password}\n` })
const used = await one.fetch("/api/auth/password", { method: "POST", json: ADMIN })
const two = await startServer({
  database: openPool(),
  clock,
  config: testConfig({}, { BERTH_ADMIN_PASSWORD: "another password" }),
})

beforeEach(async () => {
  now = Date.now()
  await database("rate_limits").delete()
  await database("users").update({ disabled_at: null })
})

const signIn = (json: unknown, init: RequestInit = {}) =>
  one.fetch("/api/auth/password", { method: "POST", json, ...init })
const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code

describe("the first administrator", () => {
  test("is made once and keeps the password it was made with", async () => {
    expect(await database("users").select("email", "role", "issuer", "subject")).toEqual([
      { email: ADMIN.email, role: "admin", issuer: "local", subject: "admin@example.com" },
    ])
    const [row] = await database("passwords").select("hash")
    expect(row.hash).toMatch(/^scrypt\$32768\$8\$3\$/)
  })

  test("follows a corrected Secret until it is used, and one line break at a value's end is no part of it", async () => {
    const [accounts, wrong] = corrected
    expect(accounts).toEqual([{ id: made[0].id, email: "typo@example.com", subject: "typo@example.com" }])
    expect([wrong.status, used.status]).toEqual([401, 204])
  })

  test("belongs to its owner afterwards: a changed Secret changes nothing", async () => {
    await startWith({ BERTH_ADMIN_EMAIL: "new@example.com", BERTH_ADMIN_PASSWORD: "another password" })
    expect(await database("users").select("id", "email")).toEqual(made)
    expect((await signIn(ADMIN)).status).toBe(204)
  })

  test("comes back by a command in the pod, also when it was disabled or demoted", async () => {
    await database("users").update({ disabled_at: new Date(), role: "member" })
    const audit = { record: vi.fn(async () => undefined) }
    const reset = (email: string) => resetAdministrator({ database, audit, clock, email })
    const { oneTimePassword, made: isNew } = await reset(` ${ADMIN.email.toUpperCase()}`)
    expect(isNew).toBe(false)
    const response = await signIn({ email: ADMIN.email, password: oneTimePassword })
    expect(response.status).toBe(204)
    expect(await database("users").select("role", "disabled_at")).toEqual([{ role: "admin", disabled_at: null }])
    expect(audit.record).toHaveBeenCalledWith(expect.objectContaining({ action: "password.reset" }), expect.anything())
    const other = await reset("lost@example.com")
    expect(other.made).toBe(true)
    expect((await signIn({ email: "lost@example.com", password: other.oneTimePassword })).status).toBe(204)
    await expect(reset("nobody")).rejects.toThrow("not an e-mail address")
    // As the tests below expect it.
    await database("users").where({ email: "lost@example.com" }).delete()
    await database("users").delete()
    await startWith({ BERTH_ADMIN_EMAIL: ADMIN.email, BERTH_ADMIN_PASSWORD: ADMIN.password })
  })
})

describe("signing in with a password", () => {
  test("gives a cookie that every replica knows, whatever the case of the address", async () => {
    const response = await signIn({ email: " ADMIN@Example.com", password: ADMIN.password })
    expect(response.status).toBe(204)
    const [cookie = ""] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^berth-local=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/)
    const me = await two.fetch("/api/me", { cookie: cookie.split(";")[0] ?? "" })
    expect(await me.json()).toMatchObject({ email: ADMIN.email, role: "admin", method: "password" })
  })

  test("stores only a hash of the cookie", async () => {
    const cookie = await one.signIn()
    const token = cookie.split("=")[1] ?? ""
    const { rows } = await database.raw("SELECT encode(token_hash, 'hex') AS hash, l.* FROM logins l")
    expect(JSON.stringify(rows)).not.toContain(token)
    expect(rows.at(-1).token_hash).toHaveLength(32)
  })

  test("answers wrong, unknown and disabled with the same words", async () => {
    const wrong = await signIn({ email: ADMIN.email, password: "wrong" })
    const unknown = await signIn({ email: "nobody@example.com", password: "wrong" })
    await database("users").update({ disabled_at: new Date() })
    const disabled = await signIn(ADMIN)
    const answers = await Promise.all([wrong, unknown, disabled].map((response) => response.json()))
    for (const answer of answers as { error: { requestId?: string } }[]) delete answer.error.requestId
    expect(answers[0]).toMatchObject({ error: { code: "unauthenticated" } })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })

  test("does the same work for an unknown and a disabled account as for a wrong password", async () => {
    const work = async (email: string, server = one) => {
      derivations.splice(0)
      const statements: string[] = []
      const note = ({ sql }: { sql: string }) => void statements.push(sql)
      database.on("query", note)
      const json = { email, password: "wrong" }
      await (await server.fetch("/api/auth/password", { method: "POST", json })).arrayBuffer()
      database.off("query", note)
      return { derived: [...derivations], statements }
    }
    // A replica's first attempt is no exception: nothing is made then that an unknown account would have to wait for.
    const fresh = await startServer({ database, clock })
    const first = await work("nobody@example.com", fresh)
    const known = await work(ADMIN.email)
    expect(known.derived).toEqual([{ N: 32_768, r: 8, p: 3, bytes: 32 }])
    expect(first.derived).toEqual(known.derived)
    expect(await work("nobody@example.com")).toEqual(known)
    await database("users").update({ disabled_at: new Date() })
    expect(await work(ADMIN.email)).toEqual(known)
  })

  test("is limited on all replicas together and says when to try again", async () => {
    const attempts = Array.from({ length: LIMITS.pair }, (_, index) =>
      (index % 2 ? one : two).fetch("/api/auth/password", { method: "POST", json: { email: "x@y.z", password: "no" } }),
    )
    expect(new Set((await Promise.all(attempts)).map((response) => response.status))).toEqual(new Set([401]))
    const limited = await signIn({ email: "X@y.z", password: "no" })
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await codeOf(limited)).toBe("too_many_requests")
    // One entry for as long as it lasts: whoever goes on trying must not fill the record.
    await signIn({ email: "X@y.z", password: "no" })
    const told = await database("audit_events").whereRaw("facts->>'why' LIKE 'limit %'").select()
    expect(told).toMatchObject([
      {
        action: "login.create",
        outcome: "refused",
        actor: "anonymous",
        facts: { method: "password", why: "limit pair" },
      },
    ])
    // Another account is not concerned.
    expect(await one.signIn()).not.toBe("")
  })

  test("others' wrong passwords do not keep out a browser that signed in before, on any replica", async () => {
    const first = await signIn(ADMIN)
    const known = first.headers.getSetCookie().find((cookie) => cookie.startsWith("berth-local-known=")) ?? ""
    const cookie = known.split(";")[0] ?? ""
    // The same address throughout, as behind a proxy that is not trusted: first this account, then all of them.
    const limits = createSignInLimits(database)
    const count = async (attempts: number, account: (at: number) => string) => {
      for (let at = 0; at < attempts; at += 1) {
        await limits.attempt({ account: account(at), address: "127.0.0.1", knownBrowser: null })
      }
    }
    await count(LIMITS.pair, () => subjectOf(ADMIN.email))
    expect((await signIn(ADMIN)).status).toBe(429)
    await count(LIMITS.address - LIMITS.pair, (at) => `nobody${at}@example.com`)
    expect((await signIn({ email: "else@example.com", password: "wrong" })).status).toBe(429)
    const own = await two.fetch("/api/auth/password", { method: "POST", json: ADMIN, cookie })
    expect(own.status).toBe(204)
    // It is known for this account and for no other.
    const other = await one.fetch("/api/auth/password", {
      method: "POST",
      json: { email: "else@example.com", password: "wrong" },
      cookie,
    })
    expect(other.status).toBe(429)
  })

  test("a browser that signed in before is limited too, and keeps nobody else out", async () => {
    const first = await signIn(ADMIN)
    const cookie = first.headers
      .getSetCookie()
      .map((set) => set.split(";")[0])
      .join("; ")
    const statuses: number[] = []
    for (let count = 0; count <= LIMITS.pair; count += 1) {
      statuses.push((await signIn({ email: ADMIN.email, password: "wrong" }, { headers: { cookie } })).status)
    }
    expect(statuses).toEqual([...Array(LIMITS.pair).fill(401), 429])
    expect((await signIn(ADMIN)).status).toBe(204)
  })

  test("does not count what succeeds", async () => {
    for (let round = 0; round <= LIMITS.pair; round += 1) await one.signIn()
    expect(await database("rate_limits").where("points", ">", 0).select("key")).toEqual([])
  })

  test("records who tried, without the password", async () => {
    await signIn({ email: ADMIN.email, password: "canary-password" })
    const [last] = await database("audit_events").orderBy("id", "desc").limit(1)
    expect(last).toMatchObject({ action: "login.create", outcome: "refused", facts: { why: "wrong password" } })
    expect(JSON.stringify(await database("audit_events").select())).not.toContain("canary")
  })
})

describe("a login", () => {
  test("is replaced at every sign-in, so that a planted cookie is worth nothing", async () => {
    const planted = await one.signIn()
    const own = await one.signIn(ADMIN, planted)
    expect(own).not.toBe(planted)
    expect((await one.fetch("/api/me", { cookie: planted })).status).toBe(401)
    const invented = `berth-local=${"A".repeat(43)}`
    expect(await one.signIn(ADMIN, invented)).not.toBe(invented)
  })

  test("ends at sign-out, on every replica", async () => {
    const cookie = await one.signIn()
    const out = await two.fetch("/api/auth/logout", { method: "POST", cookie })
    expect(await out.json()).toEqual({ redirect: null })
    expect(out.headers.getSetCookie()[0]).toContain("Max-Age=0")
    expect((await one.fetch("/api/me", { cookie })).status).toBe(401)
  })

  test("is listed to its owner and can be revoked from another browser", async () => {
    await database("logins").delete()
    const [phone, desk] = [await one.signIn(), await one.signIn()]
    const list = (await (await two.fetch("/api/me/logins", { cookie: desk })).json()) as {
      items: { id: string; current: boolean }[]
    }
    expect(list.items.map((item) => item.current).sort()).toEqual([false, true])
    const other = list.items.find((item) => !item.current)
    expect((await two.fetch(`/api/me/logins/${other?.id}`, { method: "DELETE", cookie: desk })).status).toBe(204)
    expect((await one.fetch("/api/me", { cookie: phone })).status).toBe(401)
    expect((await one.fetch("/api/me", { cookie: desk })).status).toBe(200)
    expect((await two.fetch(`/api/me/logins/${other?.id}`, { method: "DELETE", cookie: desk })).status).toBe(404)
  })

  test("cannot be revoked by somebody else", async () => {
    const cookie = await one.signIn()
    await database("users").insert({ id: "usr_other", issuer: "i", subject: "s", email: "o@x", name: "o" })
    const { rows } = await database.raw("SELECT id FROM logins ORDER BY created_at DESC LIMIT 1")
    await database("logins").where({ id: rows[0].id }).update({ user_id: "usr_other" })
    const mine = await one.signIn()
    expect((await one.fetch(`/api/me/logins/${rows[0].id}`, { method: "DELETE", cookie: mine })).status).toBe(404)
    expect((await one.fetch("/api/me", { cookie })).status).toBe(200)
    await database("users").where({ id: "usr_other" }).delete()
  })

  test("ends after 7 idle days, lives on with use, and ends after 30 days all the same", async () => {
    const day = 24 * 3_600_000
    const idle = await one.signIn()
    const used = await one.signIn()
    const start = now
    const statusOf = async (cookie: string) => (await one.fetch("/api/me", { cookie })).status
    for (let days = 6; days < 30; days += 6) {
      now = start + days * day
      expect(await statusOf(used)).toBe(200)
    }
    expect(await statusOf(idle)).toBe(401)
    now = start + 30 * day - 1_000
    expect(await statusOf(used)).toBe(200)
    now = start + 30 * day + 1
    expect(await statusOf(used)).toBe(401)
  })

  test("of a disabled user is worth nothing at once", async () => {
    const cookie = await one.signIn()
    await database("users").update({ disabled_at: new Date() })
    expect((await two.fetch("/api/me", { cookie })).status).toBe(401)
  })

  test("is not accepted twice in one request", async () => {
    const cookie = await one.signIn()
    expect((await one.fetch("/api/me", { cookie: `${cookie}; ${cookie}` })).status).toBe(401)
  })
})

test("settings are one's own and are kept", async () => {
  const cookie = await one.signIn()
  expect(await (await one.fetch("/api/me/settings", { cookie })).json()).toEqual({ defaultVisibility: "private" })
  const put = await one.fetch("/api/me/settings", { method: "PUT", cookie, json: { defaultVisibility: "public" } })
  expect(await put.json()).toEqual({ defaultVisibility: "public" })
  expect(await (await two.fetch("/api/me/settings", { cookie })).json()).toEqual({ defaultVisibility: "public" })
  const bad = await one.fetch("/api/me/settings", { method: "PUT", cookie, json: { defaultVisibility: "secret" } })
  expect([bad.status, await codeOf(bad)]).toEqual([400, "invalid_request"])
})

test("settings that nobody made are the installation's, and one's own win", async () => {
  const config = testConfig({ sessions: { serviceAccountName: "berth-session", defaultVisibility: "public" } })
  const open = await startServer({ database, clock, config })
  await database("users").update({ settings: {} })
  const cookie = await open.signIn()
  const read = async () => await (await open.fetch("/api/me/settings", { cookie })).json()
  expect(await read()).toEqual({ defaultVisibility: "public" })
  await open.fetch("/api/me/settings", { method: "PUT", cookie, json: { defaultVisibility: "private" } })
  expect(await read()).toEqual({ defaultVisibility: "private" })
})
