import { beforeEach, describe, expect, test } from "vitest"
import { startServer, testConfig } from "../../../../test/support/http/server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { LIMITS } from "./limits.ts"

const { database, openPool } = await testDatabase()
let now = Date.now()
const clock = { now: () => now, sleep: async () => undefined }
const sessions = { list: async () => ({ items: [], nextCursor: null }) }
// Two replicas on one database, throughout.
const one = await startServer({ database, clock, sessions })
const two = await startServer({ database: openPool(), clock, sessions })
const admin = await one.signIn()
const OWN = "a pond full of otters"

beforeEach(async () => {
  now = Date.now()
  await database("rate_limits").delete()
})

interface Answer {
  id: string
  oneTimePassword: string
  items: { id: string }[]
  error: { code: string; message: string }
}
const read = async (response: Response) => (await response.json()) as Answer
const post = (path: string, json: unknown, cookie = admin, server = one) =>
  server.fetch(path, { method: "POST", cookie, json })
const statusOf = async (path: string, cookie: string, server = two) => (await server.fetch(path, { cookie })).status
let number = 0
async function make(more: object = {}) {
  number += 1
  const email = `person${number}@example.com`
  const response = await post("/api/users", { email, ...more })
  return { email, response, ...(await read(response)) }
}
const signIn = (email: string, password: string) =>
  two.fetch("/api/auth/password", { method: "POST", json: { email, password } })
const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(";")[0] ?? ""
const lastEvent = async (action: string) =>
  await database("audit_events").where({ action }).orderBy("id", "desc").first()

describe("an account that an administrator makes", () => {
  test("has a password that is shown once and that nobody else can read", async () => {
    const { response, email, oneTimePassword, ...user } = await make({ name: "Ann", role: "readonly" })
    expect(response.status).toBe(201)
    expect(oneTimePassword).toMatch(/^[a-z0-9]{5}(-[a-z0-9]{5}){3}$/)
    expect(user).toMatchObject({ issuer: "local", name: "Ann", role: "readonly", disabled: false })
    const stored = JSON.stringify([await database("passwords").select(), await database("audit_events").select()])
    expect(stored).not.toContain(oneTimePassword)
    expect(await (await one.fetch(`/api/users?q=${email}`, { cookie: admin })).text()).not.toContain(oneTimePassword)
    expect(await lastEvent("user.create")).toMatchObject({ outcome: "ok", facts: { user: user.id, role: "readonly" } })
  })

  test("is one for each address, whatever its case", async () => {
    const { email } = await make()
    const again = await post("/api/users", { email: email.toUpperCase() })
    expect([again.status, (await read(again)).error.code]).toEqual([409, "conflict"])
  })

  test("needs an address, and a given password has to be a good one", async () => {
    for (const body of [{}, { email: "none" }, { email: "a@b", role: "Has Spaces" }, { email: "a@b", more: 1 }]) {
      expect((await post("/api/users", body)).status, JSON.stringify(body)).toBe(400)
    }
    const weak = await read(await post("/api/users", { email: "weak@example.com", password: "password1234" }))
    expect(weak.error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("guessed first") })
    expect(await database("users").where({ email: "weak@example.com" }).select("id")).toEqual([])
  })

  test("with a given password may keep it, if it says so", async () => {
    const { email, oneTimePassword } = await make({ password: OWN, mustChange: false })
    expect(oneTimePassword).toBeNull()
    expect(await statusOf("/api/sessions", cookieOf(await signIn(email, OWN)))).toBe(200)
  })

  test("cannot be made by others", async () => {
    const { email } = await make({ password: OWN, mustChange: false })
    const cookie = cookieOf(await signIn(email, OWN))
    expect((await post("/api/users", { email: "x@y.z" }, cookie)).status).toBe(403)
    expect((await post("/api/users/usr_1/password", {}, cookie)).status).toBe(403)
  })
})

describe("a one-time password", () => {
  test("lets do nothing but replace it, on every replica", async () => {
    const { email, oneTimePassword } = await make()
    const first = cookieOf(await signIn(email, oneTimePassword))
    for (const server of [one, two]) {
      const me = await server.fetch("/api/me", { cookie: first })
      expect(await me.json()).toMatchObject({ email, mustChangePassword: true })
      const refused = await server.fetch("/api/sessions", { cookie: first })
      expect([refused.status, (await read(refused)).error.code]).toEqual([403, "password_change_required"])
      expect(await statusOf("/api/events", first, server)).toBe(403)
      expect((await post("/api/tokens", { name: "x", scopes: ["sessions:read"], expiresAt: 4e12 }, first)).status).toBe(
        403,
      )
    }
    const changed = await post("/api/me/password", { current: oneTimePassword, new: OWN }, first, two)
    expect([changed.status, await changed.json()]).toEqual([200, { count: 0 }])
    const cookie = cookieOf(changed)
    expect(cookie).not.toBe(first)
    expect(await statusOf("/api/sessions", cookie, one)).toBe(200)
    expect(await (await one.fetch("/api/me", { cookie })).json()).toMatchObject({ mustChangePassword: false })
    expect(await statusOf("/api/me", first, one)).toBe(401)
    expect((await signIn(email, oneTimePassword)).status).toBe(401)
  })

  test("is worth nothing after seven days", async () => {
    const { email, oneTimePassword } = await make()
    now += 7 * 24 * 3_600_000 + 1
    expect((await signIn(email, oneTimePassword)).status).toBe(401)
    expect(await lastEvent("login.create")).toMatchObject({ facts: { why: "one-time password expired" } })
  })

  test("can sign out", async () => {
    const { email, oneTimePassword } = await make()
    const cookie = cookieOf(await signIn(email, oneTimePassword))
    expect((await post("/api/auth/logout", undefined, cookie)).status).toBe(200)
    expect(await statusOf("/api/me", cookie)).toBe(401)
  })
})

describe("an administrator's reset", () => {
  test("ends the user's sign-ins, and the old password with them", async () => {
    const { email, id } = await make({ password: OWN, mustChange: false })
    const cookie = cookieOf(await signIn(email, OWN))
    const stream = await one.fetch("/api/me", { cookie })
    expect(stream.status).toBe(200)
    const { oneTimePassword } = await read(await post(`/api/users/${id}/password`, {}))
    expect(await statusOf("/api/me", cookie)).toBe(401)
    expect((await signIn(email, OWN)).status).toBe(401)
    expect(await statusOf("/api/sessions", cookieOf(await signIn(email, oneTimePassword)))).toBe(403)
    expect(await lastEvent("password.reset")).toMatchObject({ outcome: "ok", facts: { user: id, ended: 1 } })
  })

  test("is for others, with a password here, and not for programs", async () => {
    const me = await read(await one.fetch("/api/me", { cookie: admin }))
    expect((await post(`/api/users/${me.id}/password`, {})).status).toBe(409)
    expect((await post("/api/users/usr_none/password", {})).status).toBe(404)
    await database("users").insert({ id: "usr_sso", issuer: "https://idp", subject: "s", email: "s@x", name: "s" })
    expect((await post("/api/users/usr_sso/password", { password: OWN })).status).toBe(409)
    const made = await one.fetch("/api/tokens", {
      method: "POST",
      cookie: admin,
      json: { name: "t", scopes: ["users:admin"], expiresAt: now + 60_000 },
    })
    const { token } = (await made.json()) as { token: string }
    const asProgram = (path: string, json: unknown) =>
      one.fetch(path, { method: "POST", json, headers: { authorization: `Bearer ${token}` } })
    expect((await asProgram("/api/users", { email: "made@by.program" })).status).toBe(201)
    expect((await asProgram("/api/users/usr_sso/password", {})).status).toBe(403)
  })
})

describe("changing one's own password", () => {
  const person = async () => {
    const { email, id } = await make({ password: OWN, mustChange: false })
    return { email, id, cookie: cookieOf(await signIn(email, OWN)) }
  }

  test("keeps this browser signed in and ends the others", async () => {
    const { email, cookie, id } = await person()
    const other = cookieOf(await signIn(email, OWN))
    const changed = await post("/api/me/password", { current: OWN, new: "twelve grey herons" }, cookie)
    expect(await changed.json()).toEqual({ count: 1 })
    const set = changed.headers.getSetCookie()[0] ?? ""
    expect(set).toMatch(/^berth-local=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
    expect(await statusOf("/api/me", cookieOf(changed))).toBe(200)
    expect(await statusOf("/api/me", cookie)).toBe(401)
    expect(await statusOf("/api/me", other)).toBe(401)
    expect((await signIn(email, OWN)).status).toBe(401)
    expect((await signIn(email, "twelve grey herons")).status).toBe(204)
    expect(await lastEvent("password.change")).toMatchObject({ actor_id: id, outcome: "ok", facts: { ended: 1 } })
  })

  test("needs the current one, and a good new one", async () => {
    const { cookie, email } = await person()
    const codeOf = async (body: object) => (await read(await post("/api/me/password", body, cookie))).error.code
    expect(await codeOf({ current: "not the one I have", new: "twelve grey herons" })).toBe("forbidden")
    expect(await lastEvent("password.change")).toMatchObject({ outcome: "refused", facts: { why: "wrong password" } })
    expect(await codeOf({ current: OWN, new: OWN })).toBe("invalid_request")
    expect(await codeOf({ current: OWN, new: "password1234" })).toBe("invalid_request")
    expect(await codeOf({ current: OWN, new: email })).toBe("invalid_request")
    expect(await statusOf("/api/me", cookie)).toBe(200)
  })

  test("is no way to guess it: attempts count as those at the sign-in page", async () => {
    const { cookie, email } = await person()
    const guess = (index: number) =>
      post("/api/me/password", { current: `guess ${index}`, new: "twelve grey herons" }, cookie, index % 2 ? one : two)
    for (let index = 0; index < LIMITS.pair; index += 1) expect((await guess(index)).status).toBe(403)
    const limited = await guess(0)
    expect([limited.status, Number(limited.headers.get("retry-after")) > 0]).toEqual([429, true])
    expect((await signIn(email, OWN)).status).toBe(429)
  })

  test("twice at the same time counts once", async () => {
    const { cookie } = await person()
    const [first, second] = await Promise.all([
      post("/api/me/password", { current: OWN, new: "twelve grey herons" }, cookie, one),
      post("/api/me/password", { current: OWN, new: "thirteen red foxes" }, cookie, two),
    ])
    expect([first.status, second.status].filter((status) => status === 200)).toHaveLength(1)
  })
})

test("where passwords are off, there are no accounts with one", async () => {
  const keys = JSON.stringify([{ key: "0123456789abcdef-key", user: "ci", role: "admin" }])
  const off = await startServer({
    database,
    config: testConfig({ passwordAuth: { enabled: false } }, { BERTH_API_KEYS: keys }),
  })
  const headers = { "x-api-key": "0123456789abcdef-key" }
  const made = await off.fetch("/api/users", { method: "POST", headers, json: { email: "a@b.c" } })
  expect(made.status).toBe(404)
})
