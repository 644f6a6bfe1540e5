import { describe, expect, test } from "vitest"
import { hostName, installUrlOf, linkable, linkOutcome } from "./linked.ts"
import { passwordFault } from "./password-form.ts"
import { expiryOf, scopesFor, tokenRequest } from "./token-form.ts"

const form = (values: readonly (readonly [string, string])[]) => {
  const data = new FormData()
  for (const [name, value] of values) data.append(name, value)
  return data
}

describe("a new token", () => {
  test.each([
    ["admin", ["audit:read", "providers:admin", "sessions:write"]],
    ["data-science", ["sessions:write"]],
  ])("of a %s may be for what that role may do: %j", (role, expected) => {
    expect(scopesFor({ role }).map(({ name }) => name)).toEqual(expect.arrayContaining([...expected]))
  })
  test("is never for more than its owner may do", () => {
    const names = (role: string) => scopesFor({ role }).map(({ name }) => name)
    expect(names("member").filter((name) => /admin|audit/.test(name))).toEqual([])
    expect(names("readonly")).not.toContain("sessions:write")
  })
  test("works for the days that were chosen", () => {
    const values = form([
      ["name", " nightly "],
      ["scope", "sessions:read"],
      ["scope", "sessions:write"],
      ["days", "7"],
    ])
    expect(tokenRequest(values, 1_000)).toEqual({
      name: "nightly",
      scopes: ["sessions:read", "sessions:write"],
      expiresAt: 1_000 + 7 * 86_400_000,
    })
  })
  test.each([
    [
      [
        ["name", ""],
        ["scope", "sessions:read"],
      ],
      /name/,
    ],
    [[["name", "nightly"]], /may do/],
  ] as const)("is not asked for without what it needs: %j", (values, words) => {
    expect(() => tokenRequest(form(values), 0)).toThrow(words)
  })
  test.each([
    [0, "over"],
    [7 * 86_400_000, "soon"],
    [7 * 86_400_000 + 1, "later"],
  ] as const)("that ends in %d ms is %s", (expiresAt, expected) => expect(expiryOf({ expiresAt }, 0)).toBe(expected))
})

describe("a new password", () => {
  const typed = { current: "old", next: "a dozen words here", again: "a dozen words here" }
  test("that is long enough and the same twice is sent", () => expect(passwordFault(typed)).toBeNull())
  test.each([
    [{ next: "short", again: "short" }, /12 characters/],
    [{ again: "another" }, /differ/],
    [{ current: "a dozen words here" }, /the one you have/],
  ])("that is %j is not", (change, words) => expect(passwordFault({ ...typed, ...change })).toMatch(words))
})

describe("linked accounts", () => {
  const account = { id: "a", provider: "github", host: "github.com", login: "ada", name: "", email: "" }
  const linked = { ...account, brokenReason: null, createdAt: 0 }
  test("are offered where there is none yet", () => {
    const available = [
      { provider: "github", host: "github.com", installUrl: "https://github.com/apps/berth/installations/new" },
      { provider: "github", host: "git.example.com", installUrl: null },
    ]
    expect(linkable({ items: [linked], available })).toEqual([
      { provider: "github", host: "git.example.com", installUrl: null },
    ])
    expect(installUrlOf({ items: [linked], available }, "github.com")).toMatch(/installations/)
    expect(installUrlOf({ items: [linked], available }, "elsewhere.example")).toBeNull()
    expect(linkable(undefined)).toEqual([])
  })
  test.each([
    ["github", "github.com", "GitHub"],
    ["github", "git.example.com", "GitHub at git.example.com"],
    ["gitlab", "gitlab.com", "gitlab.com"],
  ])("at %s %s are called %s", (provider, host, name) => expect(hostName(provider, host)).toBe(name))
  test.each([
    ["", null],
    ["linked=github.com", { kind: "good", text: "Your account at github.com is linked" }],
    ["error=Begin%20again.", { kind: "bad", text: "Begin again." }],
  ])("come back with %j as %j", (search, outcome) => {
    expect(linkOutcome(new URLSearchParams(search))).toEqual(outcome)
  })
})
