import { beforeEach, describe, expect, test } from "vitest"
import { startServer } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { hashPassword } from "./password/hash.ts"

const { database, openPool } = await testDatabase()
const sessions = { list: async () => ({ items: [], nextCursor: null }) }
// Two replicas on one database, throughout.
const one = await startServer({ database, sessions })
const two = await startServer({ database: openPool(), sessions })
const admin = await one.signIn()
const OWN = "a pond full of otters"
const NEW = "twelve grey herons"
/** The advisory lock at which a test makes a statement wait. */
const GATE = 4711

await database.raw(`
  CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_advisory_xact_lock(${GATE}); RETURN NEW; END $$;
  CREATE TRIGGER gate BEFORE INSERT ON logins FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`)
beforeEach(() => database("rate_limits").delete())

interface Person {
  readonly id: string
  readonly email: string
}
// Hashing is the work here, so everybody has the same.
const hash = await hashPassword(OWN)
let number = 0
async function make(): Promise<Person> {
  number += 1
  const person = { id: `usr_${number}`, email: `person${number}@example.com` }
  await database("users").insert({ ...person, issuer: "local", subject: person.email, name: "Person" })
  await database("passwords").insert({ user_id: person.id, hash })
  return person
}
const signIn = (email: string, password = OWN) =>
  two.fetch("/api/auth/password", { method: "POST", json: { email, password } })
const cookieOf = (response: Response) => response.headers.getSetCookie()[0]?.split(";")[0] ?? ""
const statusOf = async (cookie: string) => (await one.fetch("/api/me", { cookie })).status
const setDisabled = (id: string, disabled: boolean) =>
  one.fetch(`/api/users/${id}`, { method: "PATCH", cookie: admin, json: { disabled } })

/** How many connections to this database wait for a lock. */
async function waiting(): Promise<number> {
  const { rows } = await database.raw(
    "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  )
  return rows[0].count
}
const untilWaiting = (count: number) => expect.poll(waiting, { timeout: 60_000, interval: 20 }).toBe(count)

/** What takes away sign-ins, as somebody else does it. */
const taken: readonly [string, (person: Person, cookie: string) => Promise<Response>][] = [
  [
    "an administrator's reset",
    ({ id }) => one.fetch(`/api/users/${id}/password`, { method: "POST", cookie: admin, json: { password: NEW } }),
  ],
  [
    "the person's own change",
    (_person, cookie) => one.fetch("/api/me/password", { method: "POST", cookie, json: { current: OWN, new: NEW } }),
  ],
  ["disabling", ({ id }) => setDisabled(id, true)],
]

describe.each(taken)("a sign-in with what was right a moment ago does not outlive %s", (what, take) => {
  test("when it is stored after it", async () => {
    const person = await make()
    // The row of the person is what both want; the sign-in has to wait until the other one is done.
    const other = await openPool(1).transaction()
    await other.raw("SELECT 1 FROM users WHERE id = ? FOR UPDATE", [person.id])
    const late = signIn(person.email)
    await untilWaiting(1)
    if (what === "disabling") await other("users").where({ id: person.id }).update({ disabled_at: new Date() })
    else await other("passwords").where({ user_id: person.id }).update({ hash: "another" })
    await other.commit()
    const answer = await late
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []])
    const last = await database("audit_events").where({ action: "login.create" }).orderBy("id", "desc").first()
    expect(last).toMatchObject({ actor_id: person.id, outcome: "refused", facts: { why: "changed meanwhile" } })
  })

  test("when it is being stored while that happens", async () => {
    const person = await make()
    const cookie = what === "the person's own change" ? cookieOf(await signIn(person.email)) : ""
    const gate = await openPool(1).transaction()
    await gate.raw("SELECT pg_advisory_xact_lock(?)", [GATE])
    const late = signIn(person.email)
    await untilWaiting(1)
    let settled = false
    const end = take(person, cookie).finally(() => {
      settled = true
    })
    await expect.poll(async () => settled || (await waiting()) > 1, { timeout: 60_000, interval: 20 }).toBe(true)
    await gate.rollback()
    expect((await end).status).toBe(200)
    const planted = cookieOf(await late)
    if (what === "disabling") await setDisabled(person.id, false)
    expect(await statusOf(planted)).toBe(401)
  })
})

test("a person who is enabled again has to sign in again", async () => {
  const person = await make()
  const cookie = cookieOf(await signIn(person.email))
  expect((await setDisabled(person.id, true)).status).toBe(200)
  expect((await setDisabled(person.id, false)).status).toBe(200)
  expect(await statusOf(cookie)).toBe(401)
  expect(await statusOf(cookieOf(await signIn(person.email)))).toBe(200)
})
