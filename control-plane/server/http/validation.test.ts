import { expect, test } from "vitest"
import { isAppError } from "../errors/index.ts"
import { sessionEvent } from "./schemas/events.ts"
import { session, sessionQuery } from "./schemas/session.ts"
import { messagePage } from "./schemas/transcript.ts"
import { checkBody, checkQuery, declare, pick } from "./validation.ts"

test("an answer keeps what is declared, at every depth, and loses the rest", () => {
  const value = {
    id: "ses_1",
    owner: { id: "u", name: "n", email: "e", passwordHash: "leak" },
    environmentSealed: "leak",
    tags: { a: "b" },
  }
  expect(pick(session, value)).toEqual({ id: "ses_1", owner: { id: "u", name: "n", email: "e" }, tags: { a: "b" } })
  const page = {
    items: [{ id: "m", secret: 1, parts: [{ id: "p", leak: 1, body: { tool: { input: { any: [1] }, leak: 1 } } }] }],
    lastSeq: 3,
  }
  expect(pick(messagePage, page)).toEqual({
    items: [{ id: "m", parts: [{ id: "p", body: { tool: { input: { any: [1] } } } }] }],
    lastSeq: 3,
  })
})

test("an answer is a copy: what it was made of stays as it was", () => {
  const value = Object.freeze({ id: "x", extra: 1 })
  expect(pick(session, value)).not.toBe(value)
  expect(value.extra).toBe(1)
})

test("a query is text: numbers are made of it, and defaults are filled in", () => {
  const check = checkQuery(sessionQuery)
  expect(check({ limit: "20", "tag.team": "a" })).toEqual({ limit: 20, "tag.team": "a" })
  expect(check({})).toEqual({ limit: 50 })
  for (const query of [{ limit: "0" }, { limit: "x" }, { status: "broken" }, { unknown: "1" }, { "tag.": "1" }]) {
    expect(() => check(query), JSON.stringify(query)).toThrow()
  }
})

test("a refusal names the field and does not repeat its value", () => {
  const check = checkBody({
    type: "object",
    additionalProperties: false,
    required: ["a"],
    properties: { a: { type: "string", pattern: "^x$" } },
  })
  for (const [body, field] of [
    [{ a: "canary" }, "body.a"],
    [{}, "body.a"],
    [{ a: "x", canaryish: 1 }, "body.canaryish"],
    [[], "body"],
  ] as const) {
    try {
      check(body)
      expect.unreachable()
    } catch (error) {
      if (!isAppError(error, "invalid_request")) throw error
      expect(error.details).toEqual({ field })
      expect(error.message).not.toContain('canary"')
    }
  }
})

test("of an event goes out what is declared for its type, and nothing of a type that is not declared", () => {
  const declared = declare(sessionEvent)
  const notice = { type: "notice", level: "info", code: "c", message: "m" }
  expect(declared({ ...notice, token: "canary" })).toEqual({ declared: notice, fault: null })
  const part = {
    id: "p",
    type: "tool",
    body: { tool: { name: "bash", callId: "1", status: "running", env: "canary" } },
  }
  const updated = declared({ type: "part.updated", messageId: "m", part: { ...part, secret: "canary" } })
  expect(updated.fault).toBeNull()
  expect(JSON.stringify(updated.declared)).not.toContain("canary")
  for (const value of [{ type: "requests.listed", openIds: ["canary"] }, { secret: "canary" }, null, "canary"]) {
    expect(declared(value)).toEqual({ declared: null, fault: expect.stringContaining("is not declared") })
  }
  expect(declared({ type: "part.removed", messageId: "m" }).fault).toContain("partId is missing")
})
