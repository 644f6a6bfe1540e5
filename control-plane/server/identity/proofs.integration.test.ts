import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import type { Sessions } from "../sessions/service-types.ts"

const { database, openPool } = await testDatabase()
let now = Date.now()
const clock = { now: () => now, sleep: async () => undefined }
const KEY = "0123456789abcdef-static"
const sessions: Partial<Sessions> = {
  list: async () => ({ items: [], nextCursor: null }),
  async *watchAll(_principal, signal) {
    yield { type: "gone", id: "ses_1" }
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
}
const apiKeys = JSON.stringify([
  { key: KEY, user: "ci", role: "member", permissions: ["sessions:read"], expiresAt: now + 3_600_000 },
])
const one = await startServer({ database, clock, sessions, config: testConfig({}, { BERTH_API_KEYS: apiKeys }) })
const two = await startServer({ database: openPool(), clock, sessions })
const cookie = await one.signIn()
beforeEach(() => {
  now = Date.now()
})

type Json = Record<string, unknown>
const json = async (response: Response) => (await response.json()) as Json
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}`, origin: "https://elsewhere" } })

describe("an API token", () => {
  const create = async (body: Json) => await one.fetch("/api/tokens", { method: "POST", cookie, json: body })
  const make = async (scopes: string[]) =>
    (await json(await create({ name: "t", scopes, expiresAt: now + 60_000 }))) as { id: string; token: string }

  test("is shown once, works on every replica, and is stored as a hash", async () => {
    const { token, id } = await make(["sessions:read", "profile:read"])
    expect(token).toMatch(/^berth_[\w-]{43}$/)
    expect((await two.fetch("/api/sessions", bearer(token))).status).toBe(200)
    expect(await json(await two.fetch("/api/me", bearer(token)))).toMatchObject({
      method: "token",
      email: "Admin@example.com",
    })
    const list = await (await one.fetch("/api/tokens", { cookie })).text()
    expect(list).toContain(id)
    expect(list).not.toContain(token)
    expect(JSON.stringify(await database("api_tokens").select())).not.toContain(token.slice(6))
    expect(JSON.stringify(await database("audit_events").select())).not.toContain(token)
  })

  test("reaches no further than its scopes, and needs no Origin: browsers do not send it by themselves", async () => {
    const { token } = await make(["sessions:read", "profile:write"])
    expect((await one.fetch("/api/me", bearer(token))).status).toBe(403)
    const put = await one.fetch("/api/me/settings", {
      ...bearer(token),
      method: "PUT",
      json: { defaultVisibility: "public" },
    })
    expect(put.status).toBe(200)
    expect((await one.fetch("/api/tokens", bearer(token))).status).toBe(403)
    expect((await one.fetch("/api/users", bearer(token))).status).toBe(403)
  })

  test("does not fall back to a cookie when it is wrong", async () => {
    const wrong = bearer(`berth_${"A".repeat(43)}`)
    expect((await one.fetch("/api/me", { ...wrong, cookie })).status).toBe(401)
  })

  test("ends when it expires, is deleted, or its owner is disabled", async () => {
    const { token, id } = await make(["sessions:read"])
    const statusOf = async () => (await two.fetch("/api/sessions", bearer(token))).status
    now += 61_000
    expect(await statusOf()).toBe(401)
    now -= 61_000
    await database("users").update({ disabled_at: new Date() })
    expect(await statusOf()).toBe(401)
    await database("users").update({ disabled_at: null })
    expect((await one.fetch(`/api/tokens/${id}`, { method: "DELETE", cookie })).status).toBe(204)
    expect(await statusOf()).toBe(401)
  })

  test("cannot be made for the past, without scopes, or beyond the limit", async () => {
    expect((await create({ name: "t", scopes: ["sessions:read"], expiresAt: now - 1 })).status).toBe(400)
    expect((await create({ name: "t", scopes: [], expiresAt: now + 1_000 })).status).toBe(400)
    expect((await create({ name: "t", scopes: ["everything"], expiresAt: now + 1_000 })).status).toBe(400)
    const statuses = await Promise.all(
      Array.from(
        { length: 60 },
        async () => (await create({ name: "t", scopes: ["sessions:read"], expiresAt: now + 1_000 })).status,
      ),
    )
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect((await database("api_tokens").select("id")).length).toBe(50)
    await database("api_tokens").delete()
  })
})

describe("a key of the operator's", () => {
  test("stands for its user, in its own header or as a bearer, until it expires", async () => {
    for (const headers of [{ "x-api-key": KEY }, { authorization: `Bearer ${KEY}` }]) {
      expect((await one.fetch("/api/sessions", { headers })).status).toBe(200)
      expect((await one.fetch("/api/me", { headers })).status).toBe(403)
    }
    expect((await one.fetch("/api/sessions", { headers: { "x-api-key": `${KEY}x` } })).status).toBe(401)
    expect((await two.fetch("/api/sessions", { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(401)
    expect(await database("users").where({ issuer: "api-keys" }).select("subject", "role")).toEqual([
      { subject: "ci", role: "member" },
    ])
    const stream = await one.fetch("/api/events", { headers: { "x-api-key": KEY } })
    expect(stream.status).toBe(200)
    now += 3_600_001
    expect((await one.fetch("/api/sessions", { headers: { "x-api-key": KEY } })).status).toBe(401)
    // What it had opened ends with it.
    expect(await stream.text()).toContain("event: gone")
  })
})

test("proofs that do not hold are recorded, once a minute for each address, with how many there were", async () => {
  // What other tests tried is a while ago.
  now += 24 * 3_600_000
  const { rows: before } = await database.raw("SELECT max(id) AS id FROM audit_events")
  const guess = async (token: string) => (await two.fetch("/api/me", bearer(token))).status
  for (let index = 0; index < 5; index += 1) expect(await guess(`berth_${`${index}`.repeat(43)}`)).toBe(401)
  now += 61_000
  expect(await guess(`berth_${"x".repeat(43)}`)).toBe(401)
  const events = await database("audit_events").where("id", ">", before[0].id).orderBy("id")
  const told = events.filter(({ facts }) => facts.method === "token")
  expect(told).toMatchObject([
    { action: "login.create", outcome: "refused", address: "127.0.0.1", facts: { before: expect.any(Number) } },
    { action: "login.create", outcome: "refused", facts: { before: 4 } },
  ])
  expect(JSON.stringify(told)).not.toContain("berth_")
})

describe("administration of users", () => {
  const patch = async (id: string, body: Json) =>
    await one.fetch(`/api/users/${id}`, { method: "PATCH", cookie, json: body })
  const lastEvent = async () => await database("audit_events").orderBy("id", "desc").first()
  const add = async (email: string, role = "member") => {
    await database("users").insert({
      id: `usr_${email}`,
      issuer: "t",
      subject: email,
      email: `${email}@x.y`,
      name: email,
      role,
    })
    return `usr_${email}`
  }

  test("finds people page by page, and by a part of the name", async () => {
    await add("ann")
    await add("100%")
    const page = (await json(await one.fetch("/api/users?limit=1", { cookie }))) as {
      items: Json[]
      nextCursor: string
    }
    expect(page.items).toHaveLength(1)
    const next = (await json(await one.fetch(`/api/users?cursor=${page.nextCursor}`, { cookie }))) as { items: Json[] }
    expect(next.items.length).toBeGreaterThan(1)
    const find = async (q: string) =>
      ((await json(await one.fetch(`/api/users?q=${encodeURIComponent(q)}`, { cookie }))).items as Json[]).map(
        ({ name }) => name,
      )
    expect(await find("AN")).toEqual(["ann"])
    expect(await find("%")).toEqual(["100%"])
    expect(await find("_nn")).toEqual([])
  })

  test("changes role and disabling at once, and says so in the record", async () => {
    const id = await add("bob")
    expect(await json(await patch(id, { role: "readonly", disabled: true }))).toMatchObject({
      role: "readonly",
      disabled: true,
    })
    expect(await json(await patch(id, { disabled: false }))).toMatchObject({ role: "readonly", disabled: false })
    const last = await lastEvent()
    expect(last).toMatchObject({ action: "user.update", facts: { user: id, disabled: false } })
    expect(last.request_id).toMatch(/^req_/)
  })

  test("gives a local account another name, and nobody whose name is told elsewhere", async () => {
    const made = await one.fetch("/api/users", { method: "POST", cookie, json: { email: "mia@x.y" } })
    const { id } = await json(made)
    expect(await json(await patch(String(id), { name: "  Mia Muster " }))).toMatchObject({ name: "Mia Muster" })
    expect(await lastEvent()).toMatchObject({ action: "user.update", facts: { user: id, name: "Mia Muster" } })
    for (const name of ["", "   ", "a\nb", "a\u202eb", "x".repeat(201), 5]) {
      expect((await patch(String(id), { name })).status, JSON.stringify(name)).toBe(400)
    }
    const elsewhere = await patch(await add("max"), { name: "Max", role: "admin" })
    expect([elsewhere.status, await json(elsewhere)]).toMatchObject([
      409,
      { error: { code: "conflict", message: expect.stringContaining("their identity provider") } },
    ])
    expect(await database("users").where({ subject: "max" }).first()).toMatchObject({ name: "max", role: "member" })
  })

  test("lets everybody change his own name, seen at once on every replica", async () => {
    const rename = (name: string) => two.fetch("/api/me", { method: "PATCH", cookie, json: { name } })
    expect(await json(await rename("فا\u200cطمه"))).toMatchObject({ name: "فا\u200cطمه", email: "Admin@example.com" })
    expect(await json(await one.fetch("/api/me", { cookie }))).toMatchObject({ name: "فا\u200cطمه" })
    expect(await lastEvent()).toMatchObject({ actor: "Admin@example.com", facts: { name: "فا\u200cطمه" } })
    expect((await rename("")).status).toBe(400)
    const key = { headers: { "x-api-key": KEY }, method: "PATCH", json: { name: "x" } }
    expect((await one.fetch("/api/me", key)).status).toBe(403)
  })

  test("leaves an administrator: neither oneself disabled nor the last one demoted", async () => {
    const { id } = await json(await one.fetch("/api/me", { cookie }))
    expect((await patch(String(id), { disabled: true })).status).toBe(409)
    expect((await patch(String(id), { role: "member" })).status).toBe(409)
    const other = await add("eve", "admin")
    expect((await patch(String(id), { role: "member" })).status).toBe(200)
    expect((await patch(other, { role: "member" })).status).toBe(403)
    await database("users").where({ id }).update({ role: "admin" })
  })
})

describe("header sign-in", () => {
  const headerAuth = (more: Json) => ({
    headerAuth: { enabled: true, email: { header: "X-Email" }, user: { header: "X-Name" }, ...more },
  })
  const env = { POD_IP: "10.244.0.9", HEADER_AUTH_SHARED_SECRET: "the proxy's own secret" }

  test("by plain headers makes an account, follows its name, and keeps other sites out", async () => {
    const server = await startServer({
      database,
      sessions,
      config: testConfig(headerAuth({ trust: { cidrs: ["127.0.0.1"] } }), env),
    })
    const as = (email: string, name: string) => ({ headers: { "x-email": email, "x-name": name } })
    const first = await json(await server.fetch("/api/me", as("Ann@Corp.com", "Ann")))
    expect(first).toMatchObject({ email: "Ann@Corp.com", name: "Ann", method: "header", role: "member" })
    // Headers are bytes: these are the Kelvin sign's, which is no "k" of anybody's address.
    const mark = await json(await server.fetch("/api/me", as("mark@corp.com", "Mark")))
    const other = await json(await server.fetch("/api/me", as("mar\xe2\x84\xaa@corp.com", "Mark")))
    expect(other.email).toBe("mar\u212a@corp.com")
    expect(other.id).not.toBe(mark.id)
    expect(await json(await server.fetch("/api/me", as("ann@corp.com", "Ann B.")))).toMatchObject({
      id: first.id,
      name: "Ann B.",
    })
    expect((await server.fetch("/api/me", as("not an address", "x"))).status).toBe(401)
    expect((await server.fetch("/api/me")).status).toBe(401)
    const cross = { ...as("ann@corp.com", "Ann"), method: "PUT", json: { defaultVisibility: "public" } }
    const named = await server.fetch("/api/me", { ...as("ann@corp.com", "Ann"), method: "PATCH", json: { name: "x" } })
    expect([named.status, await json(named)]).toMatchObject([
      409,
      { error: { message: expect.stringContaining("your identity provider") } },
    ])
    expect(
      (await server.fetch("/api/me/settings", { ...cross, headers: { ...cross.headers, origin: "https://evil.com" } }))
        .status,
    ).toBe(403)
    expect((await server.fetch("/api/me/settings", cross)).status).toBe(200)
    const { rows } = await database.raw(
      "SELECT count(*) FROM audit_events WHERE facts->>'method' = 'header' AND actor_id = ?",
      [String(first.id)],
    )
    expect(rows[0].count).toBe(1)
    await database("users").where({ id: first.id }).update({ disabled_at: new Date() })
    expect((await server.fetch("/api/me", as("ann@corp.com", "Ann"))).status).toBe(401)
  })

  test("by plain headers tells no groups, so a role stays what an administrator has made it", async () => {
    const server = await startServer({
      database,
      config: testConfig(
        {
          ...headerAuth({ trust: { cidrs: ["127.0.0.1"] } }),
          roleMapping: { roles: { admin: ["ops"] }, default: "readonly" },
        },
        env,
      ),
    })
    const ask = async () => json(await server.fetch("/api/me", { headers: { "x-email": "zoe@corp.com" } }))
    const { id, role } = await ask()
    expect(role).toBe("readonly")
    await server.fetch(`/api/users/${id}`, { method: "PATCH", cookie, json: { role: "admin" } })
    expect(await ask()).toMatchObject({ id, role: "admin" })
  })

  test("without the proxy's secret, or from elsewhere, the header is only a header", async () => {
    const trust = { sharedSecret: { enabled: true, header: "X-Proxy-Secret" } }
    const secret = await startServer({ database, config: testConfig(headerAuth({ trust }), env) })
    const asked = async (headers: Record<string, string>) =>
      (await secret.fetch("/api/me", { headers: { "x-email": "a@b.c", ...headers } })).status
    expect(await asked({})).toBe(401)
    expect(await asked({ "x-proxy-secret": "wrong" })).toBe(401)
    expect(await asked({ "x-proxy-secret": env.HEADER_AUTH_SHARED_SECRET })).toBe(200)
    const elsewhere = await startServer({
      database,
      config: testConfig(headerAuth({ trust: { cidrs: ["192.0.2.0/24"] } }), env),
    })
    expect(
      (await elsewhere.fetch("/api/me", { headers: { "x-email": "a@b.c", "x-forwarded-for": "192.0.2.1" } })).status,
    ).toBe(401)
  })

  test("by a signed token takes the person from it, and nobody when the keys are away", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: "1", alg: "ES256" }
    const keyServer = createServer((_request, response) => void response.end(JSON.stringify({ keys: [jwk] })))
    await new Promise<void>((resolve) => keyServer.listen(0, "127.0.0.1", resolve))
    afterAll(() => void keyServer.close())
    const jwksUri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/`
    const withKeys = (address: string) =>
      testConfig(
        {
          ...headerAuth({
            jwt: { header: "X-Token" },
            trust: { jwt: { issuer: "https://idp", audience: "berth", jwksUri: address } },
          }),
          roleMapping: { roles: { admin: ["ops"] }, default: "readonly" },
        },
        env,
      )
    const server = await startServer({ database, clock, sessions, config: withKeys(jwksUri) })
    const token = await new SignJWT({ email: "tok@corp.com", name: "Tok", groups: ["ops"] })
      .setProtectedHeader({ alg: "ES256", kid: "1" })
      .setIssuer("https://idp")
      .setAudience("berth")
      .setSubject("s1")
      .setExpirationTime("5m")
      .setIssuedAt()
      .sign(privateKey)
    const headers = { "x-token": token }
    expect(await json(await server.fetch("/api/me", { headers }))).toMatchObject({
      email: "tok@corp.com",
      role: "admin",
    })
    expect(await database("users").where({ issuer: "https://idp", subject: "s1" }).select("role")).toHaveLength(1)
    expect((await server.fetch("/api/me", { headers: { "x-token": `${token}x` } })).status).toBe(401)
    expect((await server.fetch("/api/me", { headers: { "x-email": "a@b.c" } })).status).toBe(401)
    const stream = await server.fetch("/api/events", { headers })
    expect(stream.status).toBe(200)
    const blind = await startServer({ database, config: withKeys("http://127.0.0.1:1/") })
    expect((await blind.fetch("/api/me", { headers })).status).toBe(503)
    const events = await database("audit_events").whereRaw("facts->>'method' = 'header'").orderBy("id", "desc").limit(2)
    expect(events.map(({ outcome }) => outcome)).toEqual(["failed", "refused"])
    expect(events[1].facts.why).toMatch(/signature|Invalid/i)
    now += 7 * 60_000
    expect((await server.fetch("/api/me", { headers })).status).toBe(401)
    expect(await stream.text()).toContain("event: gone")
  })
})
