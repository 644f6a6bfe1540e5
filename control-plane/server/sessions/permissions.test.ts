import { describe, expect, it } from "vitest"
import { accessTo, mayDo, requireAccess } from "./permissions.ts"

const owner = { userId: "usr_owner", role: "member" }
const other = { userId: "usr_other", role: "member" }
const admin = { userId: "usr_admin", role: "admin" }
const reader = { userId: "usr_owner", role: "readonly" }
const hidden = { ownerId: "usr_owner", visibility: "private" } as const
const open = { ownerId: "usr_owner", visibility: "public" } as const

const code = (run: () => void): string => {
  try {
    run()
    return "ok"
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe("rights to a session", () => {
  it.each([
    ["the owner", owner, "own", "own"],
    ["somebody else", other, "none", "read"],
    ["an administrator", admin, "exists", "read"],
    ["the owner with a reading role", reader, "own", "own"],
  ] as const)("%s: private %s, public %s", (_who, principal, onHidden, onOpen) => {
    expect(accessTo(hidden, principal)).toBe(onHidden)
    expect(accessTo(open, principal)).toBe(onOpen)
  })

  it("hides a private session from others as if there were none", () => {
    for (const needed of ["exists", "read", "own", "write"] as const) {
      expect(code(() => requireAccess(hidden, other, needed))).toBe("not_found")
      expect(code(() => requireAccess(null, owner, needed))).toBe("not_found")
    }
  })

  it("lets an administrator see that a private session exists and nothing more", () => {
    expect(code(() => requireAccess(hidden, admin, "exists"))).toBe("ok")
    for (const needed of ["read", "own", "write"] as const)
      expect(code(() => requireAccess(hidden, admin, needed))).toBe("forbidden")
  })

  it("lets everybody read a public session, and only its owner change it", () => {
    for (const principal of [other, admin]) {
      expect(code(() => requireAccess(open, principal, "read"))).toBe("ok")
      expect(code(() => requireAccess(open, principal, "write"))).toBe("forbidden")
      expect(mayDo(open, principal)).toEqual({ write: false, manage: false, readFiles: false })
    }
    expect(code(() => requireAccess(open, owner, "write"))).toBe("ok")
    expect(mayDo(open, owner)).toEqual({ write: true, manage: true, readFiles: true })
  })

  it("keeps an owner with a reading role from writing", () => {
    expect(code(() => requireAccess(hidden, reader, "read"))).toBe("ok")
    expect(code(() => requireAccess(hidden, reader, "write"))).toBe("forbidden")
    expect(mayDo(hidden, reader)).toEqual({ write: false, manage: false, readFiles: true })
  })
})
