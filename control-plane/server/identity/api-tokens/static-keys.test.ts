import { expect, test } from "vitest"
import { Secret } from "../../crypto/index.ts"
import { SCOPES } from "../permissions.ts"
import { hashKey, readStaticKeys } from "./static-keys.ts"

const KEY = "0123456789abcdef"
const read = (text: string) => readStaticKeys(new Secret(text))

test("nothing given is no keys", () => {
  expect(readStaticKeys(undefined)).toEqual([])
  expect(read("  \n")).toEqual([])
})

test.each([`${KEY}1,${KEY}2`, `API_KEYS=${KEY}1,${KEY}2\n`])("the plain form %s gives members", (text) => {
  const keys = read(text)
  expect(keys.map((key) => key.hash)).toEqual([hashKey(`${KEY}1`), hashKey(`${KEY}2`)])
  expect(keys[0]).toMatchObject({ role: "member", scopes: SCOPES, expiresAt: null })
  expect(keys[0]?.user).not.toBe(keys[1]?.user)
})

test("the list gives user, role, permissions and expiry, with the key or its hash", () => {
  const entries = [
    {
      keyHash: hashKey(KEY).toUpperCase(),
      user: "ci",
      role: "readonly",
      permissions: ["sessions:read"],
      expiresAt: "2030-01-01",
    },
    { key: `${KEY}2`, user_id: "bot", permissions: ["session:create", "session:list"] },
  ]
  const expected = [
    { hash: hashKey(KEY), user: "ci", role: "readonly", scopes: ["sessions:read"], expiresAt: Date.UTC(2030, 0) },
    {
      hash: hashKey(`${KEY}2`),
      user: "bot",
      role: "member",
      scopes: ["sessions:write", "sessions:read"],
      expiresAt: null,
    },
  ]
  expect(read(JSON.stringify(entries))).toEqual(expected)
  expect(read(JSON.stringify({ api_keys: entries }))).toEqual(expected)
})

test.each([
  ["short", "characters"],
  ["{}", "list"],
  ["[{]", "not JSON"],
  [JSON.stringify([{ key: KEY }]), "needs user"],
  [JSON.stringify([{ user: "a" }]), "needs keyHash"],
  [JSON.stringify([{ key: KEY, user: "a", permissions: ["everything"] }]), "not known: everything"],
  [JSON.stringify([{ key: KEY, user: "a", expiresAt: "soon" }]), "not a time"],
  [`${KEY},${KEY}`, "twice"],
])("%s is refused without naming the key", (text, why) => {
  expect(() => read(text)).toThrow(why)
  try {
    read(text)
  } catch (error) {
    expect(String(error)).not.toContain(KEY)
  }
})
