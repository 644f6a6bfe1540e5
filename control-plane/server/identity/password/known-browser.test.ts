import { expect, test } from "vitest"
import { Secret } from "../../crypto/index.ts"
import { createKnownBrowsers } from "./known-browser.ts"

let now = Date.UTC(2030, 0)
const clock = { now: () => now, sleep: async () => undefined }
const browsers = (tls: boolean, secret = "a secret of the tests") =>
  createKnownBrowsers({ cookieSecret: new Secret(secret), clock, tls })
const known = browsers(true)
const pair = (setCookie: string) => setCookie.split(";")[0] ?? ""

test("is known for the account that it signed in to, and for no other", () => {
  const set = known.remember(undefined, "ann@example.com")
  expect(set).toMatch(/^__Host-berth-known=[\w.~-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=15552000$/)
  expect(browsers(false).remember(undefined, "a@b")).toMatch(
    /^berth-local-known=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max/,
  )
  expect(known.idOf(pair(set), "ann@example.com")).toMatch(/^[\w-]{22}$/)
  expect(known.idOf(pair(set), "bob@example.com")).toBeNull()
})

test("is known for the last four accounts", () => {
  let header: string | undefined
  const people = ["a@x", "b@x", "c@x", "d@x", "e@x"]
  for (const person of people) header = pair(known.remember(header, person))
  expect(people.map((person) => known.idOf(header, person) !== null)).toEqual([false, true, true, true, true])
  header = pair(known.remember(header, "c@x"))
  expect(people.map((person) => known.idOf(header, person) !== null)).toEqual([false, true, true, true, true])
})

test("what is changed, twice there, too old or of another installation is not known", () => {
  const header = pair(known.remember(undefined, "ann@example.com"))
  const value = header.slice(header.indexOf("=") + 1)
  for (let at = 0; at < value.length; at += 1) {
    const other = value[at] === "A" ? "B" : "A"
    const changed = `__Host-berth-known=${value.slice(0, at)}${other}${value.slice(at + 1)}`
    // The last character of base64url carries bits that mean nothing.
    if (at < value.length - 1) expect(known.idOf(changed, "ann@example.com"), changed).toBeNull()
  }
  expect(known.idOf(`${header}; ${header}`, "ann@example.com")).toBeNull()
  expect(browsers(true, "another secret").idOf(header, "ann@example.com")).toBeNull()
  for (const odd of ["", "~~~~", "a.b.c", "..", `${"x".repeat(22)}.zz.${"y".repeat(43)}`]) {
    expect(known.idOf(`__Host-berth-known=${odd}`, "ann@example.com")).toBeNull()
  }
  now += 180 * 24 * 3_600_000
  expect(known.idOf(header, "ann@example.com")).toBeNull()
})
