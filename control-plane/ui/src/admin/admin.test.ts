import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ApiError } from "../api/client.ts"
import { auditFiltersFrom, auditQuery, auditSearch, factsOf, NO_AUDIT_FILTERS } from "./audit/audit.ts"
import { definitionText, idFault, readDefinition, summaryOf, TEMPLATES } from "./providers/provider.ts"
import { faultsOf } from "./providers/queries.ts"
import { issuerName, roleFrom } from "./users/user.ts"

describe("the definition of a provider", () => {
  test.each(TEMPLATES)("can begin with $label", ({ id, definition }) => {
    expect(idFault(id)).toBeNull()
    expect(readDefinition(definitionText(definition))).toEqual({ definition })
  })
  test.each([
    ['{\n  "npm": x\n}', 2, 10],
    ['{\n  "a": 1,\n}', 3, 1],
    ['{"a": "b', 1, 9],
    ["[]", 1, 1],
    ["7", 1, 1],
    ["", 1, 1],
  ])("says where %j stops being one", (text, line, column) => {
    const read = readDefinition(text)
    expect(read).toMatchObject({ fault: { line, column } })
  })
  test("never says a place outside of the text, whatever was typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const read = readDefinition(text)
        if (!("fault" in read)) return
        expect(read.fault.at).toBeGreaterThanOrEqual(0)
        expect(read.fault.at).toBeLessThanOrEqual(text.length)
        expect(read.fault.message).not.toBe("")
        expect(text.split("\n")[read.fault.line - 1]?.length).toBeGreaterThanOrEqual(read.fault.column - 1)
      }),
    )
  })
  test.each(["", "a b", "../x", ".hidden", "a/b", "x".repeat(65)])("has no id %j", (id) => {
    expect(idFault(id)).not.toBeNull()
  })
  test("is summed up by what it says, whatever is in it", () => {
    const provider = {
      id: "x",
      source: "database",
      faults: [],
      warnings: [],
      updatedAt: null,
      updatedBy: null,
    } as const
    expect(summaryOf({ ...provider, definition: {} })).toEqual({ name: "x", npm: "", models: [] })
    expect(summaryOf({ ...provider, definition: { name: "X", npm: "p", models: { a: {}, b: {} } } })).toEqual({
      name: "X",
      npm: "p",
      models: ["a", "b"],
    })
    expect(summaryOf({ ...provider, definition: { name: 7, npm: null, models: null } }).models).toEqual([])
  })
  test("is refused with every fault that the server names", () => {
    const refused = (details?: Record<string, unknown>) =>
      new ApiError({ status: 400, code: "invalid_request", message: "Both.", ...(details ? { details } : {}) })
    expect(faultsOf(refused({ faults: ["a", "b"] }))).toEqual(["a", "b"])
    expect(faultsOf(refused())).toEqual(["Both."])
    expect(faultsOf(new ApiError({ status: 503, code: "unavailable", message: "Later." }))).toBeNull()
  })
})

describe("filters of the audit log", () => {
  const filters = {
    ...NO_AUDIT_FILTERS,
    action: "session.",
    outcome: "refused",
    from: "2026-03-01",
    until: "2026-03-01",
  }
  test("stand in the address and come back from it", () => {
    expect(auditFiltersFrom(auditSearch(filters))).toEqual(filters)
    expect(auditSearch(NO_AUDIT_FILTERS).size).toBe(0)
  })
  test("leave out what is no filter's value", () => {
    const search = new URLSearchParams("outcome=perhaps&from=yesterday&until=2026-3-1&x=1")
    expect(auditFiltersFrom(search)).toEqual(NO_AUDIT_FILTERS)
  })
  test("take a day from its beginning until its end, in the reader's own time", () => {
    const { from, until } = auditQuery(filters)
    expect(new Date(Number(from)).toString()).toContain("Mar 01 2026 00:00:00")
    expect(Number(until) - Number(from)).toBe(86_400_000)
    expect(auditQuery(NO_AUDIT_FILTERS)).toMatchObject({ from: null, until: null })
  })
  test("show facts as texts", () => {
    expect(factsOf({ facts: { repository: "a/b", count: 2, fields: ["title"] } })).toEqual([
      ["repository", "a/b"],
      ["count", "2"],
      ["fields", '["title"]'],
    ])
  })
})

describe("a user", () => {
  const role = (chosen: string, own = "") => {
    const values = new FormData()
    values.set("role", chosen)
    values.set("own-role", own)
    return values
  }
  test("gets a role of the list or of the operator's own making", () => {
    expect(roleFrom(role("readonly", "ignored!"))).toBe("readonly")
    expect(roleFrom(role("other", " data-science "))).toBe("data-science")
  })
  test.each(["", "Data", "1st", "a b", "a".repeat(64)])("gets no role %j", (own) => {
    expect(() => roleFrom(role("other", own))).toThrow(/small letters/)
  })
  test.each([
    ["local", "Password"],
    ["https://id.example.com/realms/harbour", "id.example.com"],
    ["header", "header"],
  ])("of the issuer %s comes from %s", (issuer, name) => expect(issuerName({ issuer })).toBe(name))
})
