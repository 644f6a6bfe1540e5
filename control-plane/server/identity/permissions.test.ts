import { expect, test } from "vitest"
import { isAppError } from "../errors/index.ts"
import { authorize } from "./authorize.ts"
import { PERMISSIONS, type Permission, SCOPES, type Scope } from "./permissions.ts"
import type { Authentication } from "./types.ts"

const as = (role: string, scopes: readonly Scope[] | null = null): Authentication => ({
  kind: scopes ? "token" : "login",
  principal: { userId: "u", email: "e", name: "n", role, method: scopes ? "token" : "password", loginId: "l" },
  scopes,
  ambient: scopes === null,
})
const allowed = (authentication: Authentication | null) =>
  (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => {
    try {
      authorize(permission, authentication)
      return true
    } catch (error) {
      const code = authentication?.mustChangePassword ? "password_change_required" : "forbidden"
      expect(isAppError(error, authentication ? code : "unauthenticated")).toBe(true)
      return false
    }
  })

const READING = ["anyone", "account", "own-sign-in", "profile:read", "profile:write", "sessions:read"]

test("who may what", () => {
  expect(allowed(null)).toEqual(["anyone"])
  expect(allowed(as("readonly"))).toEqual(READING)
  expect(allowed(as("member"))).toEqual([...READING, "sessions:write"])
  expect(allowed(as("data-science"))).toEqual([...READING, "sessions:write"])
  expect(allowed(as("admin"))).toEqual(Object.keys(PERMISSIONS))
})

test("a token reaches as far as its scopes and its owner's role, and never the account", () => {
  expect(allowed(as("admin", []))).toEqual(["anyone"])
  expect(allowed(as("admin", ["sessions:read"]))).toEqual(["anyone", "sessions:read"])
  expect(allowed(as("readonly", SCOPES))).toEqual(["anyone", "profile:read", "profile:write", "sessions:read"])
  for (const permission of ["account", "own-sign-in", "users:passwords"]) {
    expect(allowed(as("admin", SCOPES))).not.toContain(permission)
  }
})

test("whoever has to change the password first may see who he is, change it and sign out, whatever his role", () => {
  for (const role of ["readonly", "admin"]) {
    expect(allowed({ ...as(role), mustChangePassword: true })).toEqual(["anyone", "own-sign-in", "profile:read"])
  }
})
