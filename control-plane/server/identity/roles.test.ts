import { expect, test, vi } from "vitest"
import { createRoleOf, roleOf } from "./roles.ts"

const mapping = (claim: string) => ({ claim, roles: { admin: ["/platform/ops", "ops"] }, default: "member" })

test.each([
  ["groups", { groups: ["ops"] }, "admin"],
  ["groups", { groups: ["/ops"] }, "admin"],
  ["groups", { groups: ["platform/ops"] }, "admin"],
  ["groups", { groups: ["//ops", "ops/", "platform"] }, "member"],
  ["groups", { groups: [] }, "member"],
  ["realm_access.roles", { realm_access: { roles: ["ops"] } }, "admin"],
  ["resource_access.berth.roles", { resource_access: { berth: { roles: ["ops"] } } }, "admin"],
  ["https://example.com/groups", { "https://example.com/groups": ["ops"] }, "admin"],
  ["a.b", { "a.b": ["ops"], a: { b: [] } }, "admin"],
  // What did not come says nothing: the account keeps its role.
  ["groups", {}, null],
  ["groups", { _claim_names: { groups: "src1" } }, null],
  ["realm_access.roles", { realm_access: {} }, null],
  ["realm_access.roles", { realm_access: null }, null],
  ["constructor.name", { groups: ["ops"] }, null],
])("with the claim %s, %j gives the role %s", (claim, claims, role) => {
  expect(roleOf(claims, mapping(claim))).toBe(role)
})

test("a claim that did not come is logged with the names of those that did, once a minute, never with a value", () => {
  const warn = vi.fn()
  let now = 0
  const clock = { now: () => now }
  const of = createRoleOf({ mapping: mapping("groups"), log: { warn } as never, clock })
  const claims = { sub: "1", email: "canary@example.com", _claim_names: { groups: "src1" } }
  expect(of(claims)).toBeNull()
  expect(of(claims)).toBeNull()
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]?.[0]).toMatchObject({ claim: "groups", came: "sub, email, _claim_names" })
  expect(warn.mock.calls[0]?.[0].hint).toContain("Entra")
  expect(JSON.stringify(warn.mock.calls)).not.toContain("canary")
  now = 60_000
  of(claims)
  expect(warn).toHaveBeenCalledTimes(2)
})
