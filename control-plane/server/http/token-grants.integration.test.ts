import { createHash, randomBytes } from "node:crypto"
import { beforeEach, expect, test } from "vitest"
import { TABLE } from "../../../test/support/http/permission-table.ts"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { sessionsWithoutCluster } from "../../../test/support/http/sessions.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { newId } from "../crypto/index.ts"
import { SCOPES } from "../identity/index.ts"

const { database, url } = await testDatabase()
const config = testConfig()
const sessions = sessionsWithoutCluster({ database, url, config })
const server = await startServer({ database, sessions, config })
const later = new Date(Date.now() + 3_600_000)
const hashOf = (token: string) => createHash("sha256").update(token).digest()

/** Name to role; "gone" and "ended" are disabled. */
const PEOPLE = {
  boss: "admin",
  other: "admin",
  ended: "admin",
  worker: "member",
  gone: "member",
  reader: "readonly",
  special: "data-science",
} as const
type Person = keyof typeof PEOPLE
const idOf = (person: Person) => `usr_${person}`

beforeEach(async () => {
  await database("sessions").delete()
  await database("users").delete()
  const disabledAt = (person: string) => (person === "gone" || person === "ended" ? new Date() : null)
  for (const [person, role] of Object.entries(PEOPLE)) {
    const email = `${person}@example.com`
    const row = { id: `usr_${person}`, issuer: "local", subject: email, email, name: person, role }
    await database("users").insert({ ...row, disabled_at: disabledAt(person) })
  }
})

/** A route's calls that could give something away, beside what the table of permissions sends. */
const ATTEMPTS: Readonly<Record<string, readonly object[]>> = {
  "POST /api/users": [
    { email: "new@example.com" },
    { email: "new@example.com", role: "admin" },
    { email: "new@example.com", role: "data-science" },
    { email: "new@example.com", password: "a pond full of otters" },
    { email: "new@example.com", password: "a pond full of otters", mustChange: false, role: "admin" },
  ],
  "PATCH /api/users/:id": [
    { role: "admin" },
    { role: "data-science" },
    { disabled: false },
    { disabled: false, role: "admin" },
    { role: "member", disabled: false },
  ],
  "POST /api/users/:id/password": [{}, { password: "a pond full of otters", mustChange: false }],
  "POST /api/tokens": SCOPES.map((scope) => ({ name: "more", scopes: [scope], expiresAt: 4e12 })),
}

/** Who can administer, has a role of the operator's, or a credential: what a call must not widen. */
async function rights(): Promise<string[]> {
  const users = (await database("users").select("id", "role", "disabled_at")) as {
    id: string
    role: string
    disabled_at: Date | null
  }[]
  const ids = async (table: string, column: string) =>
    (await database(table).select(column)).map((row) => `${table} ${row[column]}`)
  const wide = users.filter(({ role, disabled_at }) => !["member", "readonly"].includes(role) && disabled_at === null)
  return [
    ...wide.map(({ id, role }) => `${id} ${role}`),
    ...(await ids("passwords", "user_id")),
    ...(await ids("api_tokens", "id")),
    ...(await ids("logins", "id")),
    ...(await ids("linked_accounts", "id")),
  ].sort()
}

async function proofOf(person: Person, scopes: readonly string[]): Promise<Record<string, string>> {
  const token = `berth_${randomBytes(32).toString("base64url")}`
  const row = { id: newId("tok"), user_id: idOf(person), name: "t", scopes, expires_at: later }
  await database("api_tokens").insert({ ...row, token_hash: hashOf(token) })
  return { authorization: `Bearer ${token}` }
}

async function attempt(route: string, json: unknown, id: string, headers: Record<string, string>) {
  const [method = "", path = ""] = route.split(" ")
  const end = new AbortController()
  const response = await server.fetch(path.replace(":id", id).replace(/:\w+/g, "nothing"), {
    method,
    headers,
    signal: end.signal,
    ...(json === undefined ? {} : { json }),
  })
  const stream = response.headers.get("content-type")?.startsWith("text/event-stream")
  const body = stream ? "" : await response.text()
  end.abort()
  return { status: response.status, body }
}

test.each([...SCOPES.map((scope) => ({ scopes: [scope], name: scope })), { scopes: SCOPES, name: "all" }])(
  "no call of an administrator's token with the scopes: $name, gives a credential or a role that the token does not have",
  async ({ scopes }) => {
    const headers = await proofOf("boss", scopes)
    const before = await rights()
    for (const { route, json } of TABLE) {
      const people = route.includes("/api/users/:id")
      const ids = people ? (Object.keys(PEOPLE) as Person[]).map(idOf) : ["nothing"]
      for (const given of [json, ...(ATTEMPTS[route] ?? [])]) {
        for (const id of ids) {
          const { status, body } = await attempt(route, given, id, headers)
          const call = `${route} ${id} ${JSON.stringify(given)} answered ${status}`
          expect(status, call).toBeLessThan(500)
          expect(
            (await rights()).filter((right) => !before.includes(right)),
            call,
          ).toEqual([])
          expect(body, call).not.toMatch(/"(oneTimePassword|token)":"/)
        }
      }
    }
  },
)

test("a token with users:admin still makes members without a password, and moves people between member and readonly", async () => {
  const headers = await proofOf("boss", ["users:admin"])
  const made = await attempt("POST /api/users", { email: "new@example.com" }, "", headers)
  expect([made.status, JSON.parse(made.body)]).toMatchObject([201, { role: "member", oneTimePassword: null }])
  const id = JSON.parse(made.body).id as string
  const role = async (to: string) => (await attempt("PATCH /api/users/:id", { role: to }, id, headers)).status
  expect([await role("readonly"), await role("member"), await role("admin")]).toEqual([200, 200, 403])
  expect((await attempt("PATCH /api/users/:id", { disabled: false }, idOf("gone"), headers)).status).toBe(200)
  // What it says leads on.
  const refused = await attempt("PATCH /api/users/:id", { disabled: false }, idOf("ended"), headers)
  expect([refused.status, refused.body]).toEqual([403, expect.stringContaining("Sign in with a browser")])
})

test("the account that a token made gets its password from an administrator at a browser", async () => {
  const headers = await proofOf("boss", ["users:admin"])
  const { body } = await attempt("POST /api/users", { email: "new@example.com" }, "", headers)
  const token = randomBytes(32).toString("base64url")
  const login = { id: newId("lgn"), user_id: idOf("boss"), method: "password", token_hash: hashOf(token) }
  await database("logins").insert({ ...login, idle_expires_at: later, expires_at: later })
  const browser = { cookie: `berth-local=${token}` }
  const set = await attempt("POST /api/users/:id/password", {}, JSON.parse(body).id as string, browser)
  expect([set.status, JSON.parse(set.body)]).toMatchObject([200, { oneTimePassword: expect.stringContaining("-") }])
})
