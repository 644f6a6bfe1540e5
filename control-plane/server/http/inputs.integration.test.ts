import { randomBytes } from "node:crypto"
import { describe, expect, test } from "vitest"
import { type Place, placesOf, sample } from "../../../test/support/http/inputs.ts"
import { startServer, testConfig } from "../../../test/support/http/server.ts"
import { sessionsWithoutCluster } from "../../../test/support/http/sessions.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { createLogger } from "../observability/index.ts"

const { database, url } = await testDatabase()
const config = testConfig()
const logged: string[] = []
const log = createLogger({ level: "error", replica: "test", destination: { write: (line) => void logged.push(line) } })
const server = await startServer({ database, config, log, sessions: sessionsWithoutCluster({ database, url, config }) })
const cookie = await server.signIn()

async function send(
  { route, where }: Place,
  given: unknown,
): Promise<{ status: number; field: unknown; text: string }> {
  const address = route.path.replace(/:\w+/g, "nothing")
  const query = where === "query" ? `?${new URLSearchParams(given as Record<string, string>)}` : ""
  const response = await server.fetch(address + query, {
    method: route.method,
    cookie,
    ...(where === "body" ? { json: given } : route.method === "GET" ? {} : { json: {} }),
  })
  const text = await response.text()
  const field = text.startsWith("{") ? JSON.parse(text).error?.details?.field : undefined
  return { status: response.status, field, text }
}

const texts = placesOf(["string"])
const numbers = placesOf(["integer", "number"])

describe.each(texts)("$name", (place) => {
  const { where, path, schema, filled } = place
  const valid = String(sample(schema))
  const field = [where, ...path].join(".")

  // A query that holds half of a pair arrives as another character: URLs are UTF-8.
  test.each(where === "body" ? ["\0", "\ud800", "\udc00"] : ["\0"])("with %j is refused by its name", async (odd) => {
    for (const text of [odd, valid + odd, `${odd}😀${valid}`]) {
      expect(await send(place, filled(text))).toMatchObject({ status: 400, field })
    }
  })

  test("has a limit, and is refused beyond it", async () => {
    const { maxLength, pattern, format, const: only } = schema
    if (maxLength === undefined && only !== undefined) return
    const longest = maxLength ?? (pattern === undefined && format === undefined ? undefined : 512)
    expect(longest, "maxLength").toBeDefined()
    expect(await send(place, filled("1".repeat((longest ?? 0) + 1)))).toMatchObject({ status: 400, field })
  })
})

test("a number of a body that is none any more is refused", async () => {
  for (const { route, path, filled } of numbers.filter(({ where }) => where === "body")) {
    const body = JSON.stringify(filled(1)).replace(`"${path.at(-1)}":1`, `"${path.at(-1)}":1e400`)
    const headers = { "content-type": "application/json" }
    const response = await server.fetch(route.path, { method: route.method, cookie, body, headers })
    expect(response.status).toBe(400)
  }
})

describe.each(numbers)("$name", (place) => {
  test("has a limit on both sides, and is refused beyond them", async () => {
    const { minimum, maximum } = place.schema
    expect([typeof minimum, typeof maximum]).toEqual(["number", "number"])
    const field = [place.where, ...place.path].join(".")
    for (const beyond of [Number(minimum) - 1, Number(maximum) * 2 + 2, 2 ** 63, -(2 ** 63)]) {
      expect(await send(place, place.filled(beyond))).toMatchObject({ status: 400, field })
    }
    for (const text of ["1e400", "-1e400", "NaN"]) {
      if (place.where === "query") {
        expect(await send(place, place.filled(text))).toMatchObject({ status: 400, field })
      }
    }
  })
})

test("the names of a map's members are texts too", async () => {
  const free = placesOf(["string"]).filter(({ where, path }) => where === "body" && path.at(-1) === "x")
  expect(free.length).toBeGreaterThan(1)
  for (const place of free) {
    const body = JSON.parse(JSON.stringify(place.filled("v")).replace('"x":', String.raw`"x\u0000":`)) as unknown
    expect(await send(place, body)).toMatchObject({ status: 400 })
  }
})

test("a model provider's definition has texts at any depth", async () => {
  const [place] = placesOf(["object"]).filter(({ route }) => route.path === "/api/providers/:id")
  if (place === undefined) throw new Error("the route is there")
  const definition = (odd: string) => ({ npm: "@ai-sdk/openai", models: { m: { options: { a: [{ b: odd }] } } } })
  for (const odd of ["a\0b", "\ud800", "\udc00b"]) {
    expect(await send(place, definition(odd))).toMatchObject({ status: 400, field: "body.models.m.options.a.0.b" })
    expect(await send(place, { name: odd })).toMatchObject({ status: 400, field: "body.name" })
    expect(await send(place, { models: { [odd]: {} } })).toMatchObject({ status: 400, field: "body.models" })
  }
})

test.each([
  ["GET", "/api/sessions?cursor=MjAyNi0wMS0wMSAwMDowMDowMC4wMDAwMDArMDB8YQBi"],
  ["GET", `/api/sessions?cursor=${Buffer.from("9999-99-99 99:99:99.999999+00|x").toString("base64url")}`],
  ["GET", `/api/sessions?tag.x%00=1`],
  ["GET", "/api/sessions?owner=%ED%A0%80%00"],
  ["GET", "/api/usage?cursor=%00/%00"],
  ["GET", "/api/usage?from=0000-01-01"],
  ["GET", "/api/usage?to=0001-01-01"],
  ["GET", "/api/audit?from=1e400"],
  ["GET", "/api/sessions?limit=Infinity"],
  ["GET", "/api/sessions/a%00b"],
  ["GET", "/api/sessions/%ED%A0%80"],
  ["PATCH", "/api/users/%00"],
  ["GET", "/api/auth/login/a%00b"],
])("%s %s is refused and is no mistake of ours", async (method, address) => {
  const response = await server.fetch(address, {
    method,
    cookie,
    ...(method === "GET" ? {} : { json: { role: "member" } }),
  })
  expect(response.status).toBeGreaterThanOrEqual(400)
  expect(response.status).toBeLessThan(500)
})

test.each([
  ["idempotency-key", "\u00ff".repeat(10)],
  ["idempotency-key", "k".repeat(5_000)],
  ["last-event-id", "99999999999999999999"],
  ["last-event-id", "1e400"],
  ["authorization", `Bearer ${randomBytes(2_000).toString("hex")}`],
  ["user-agent", "\u0080".repeat(5_000)],
  ["x-request-id", "\u00e9".repeat(500)],
])("a header %s that is odd is no mistake of ours", async (name, value) => {
  for (const [method, path] of [
    ["POST", "/api/sessions"],
    ["GET", "/api/events"],
  ] as const) {
    const end = new AbortController()
    const json = method === "POST" ? { json: {} } : {}
    const headers = { [name]: value }
    const response = await server.fetch(path, { method, cookie, headers, signal: end.signal, ...json })
    end.abort()
    expect(response.status).toBeLessThan(500)
  }
})

test("none of all this was logged as an error", () => {
  expect(logged).toEqual([])
})
