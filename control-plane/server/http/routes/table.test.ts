import { expect, test } from "vitest"
import { PERMISSIONS } from "../../identity/index.ts"
import { openapiDocument } from "../openapi.ts"
import { checkBody } from "../validation.ts"
import { describeRoutes } from "./index.ts"
import type { Schema } from "./route.ts"

const routes = describeRoutes()
const named = routes.map((route) => [`${route.method} ${route.path}`, route] as const)

/** Reads that change nothing, or what is needed before one is signed in. */
const OPEN = [
  "GET /api/health",
  "GET /api/ready",
  "GET /api/openapi.json",
  "GET /api/auth/methods",
  "POST /api/auth/password",
  "GET /api/auth/login/:providerId",
  "GET /api/auth/callback/:providerId",
  // Proves itself by a signature of its body.
  "POST /api/linked-accounts/:provider/webhook",
]

test("only these routes are open to anyone", () => {
  const open = named.filter(([, route]) => route.permission === "anyone").map(([name]) => name)
  expect(open.sort()).toEqual([...OPEN].sort())
  const signed = named.filter(([, route]) => route.shapes.signed).map(([name]) => name)
  expect(signed).toEqual(["POST /api/linked-accounts/:provider/webhook"])
})

test("no address is there twice, and all are below /api", () => {
  expect(new Set(named.map(([name]) => name)).size).toBe(routes.length)
  for (const [name, route] of named) expect(route.path, name).toMatch(/^\/api(\/(:[a-zA-Z]+|[a-z.-]+))+$/)
})

test.each(named)("%s names its permission, says what it does and takes no more than it declares", (_name, route) => {
  expect(Object.keys(PERMISSIONS)).toContain(route.permission)
  expect(route.summary).toMatch(/^[A-Z].{5,}[^.]$/)
  const writes = route.method !== "GET"
  if (writes)
    expect(
      ["account", "own-sign-in", "anyone"].includes(route.permission) ||
        /:(write|admin|passwords)$/.test(route.permission),
    ).toBe(true)
  if (route.method === "PUT" || route.method === "PATCH") expect(route.shapes.body).toBeDefined()
  if (route.method === "GET")
    expect(route.shapes.answer !== undefined || route.shapes.file || route.shapes.redirect === true).toBe(true)
  for (const input of [route.shapes.query, route.shapes.body]) if (input) expectClosed(input)
})

test.each(named)("%s describes its schemas and every field in them", (name, route) => {
  const { query, body, answer } = route.shapes
  for (const schema of [query, body, answer]) {
    if (!schema) continue
    expect(schema.description, name).toMatch(/\S/)
    checkBody(schema)
  }
  for (const input of [query, body]) {
    for (const [field, schema] of Object.entries(input?.properties ?? {})) {
      expect((schema as Schema).description, `${name} ${field}`).toMatch(/\S/)
    }
  }
})

test("texts that come in are bounded", () => {
  for (const [name, route] of named)
    for (const input of [route.shapes.query, route.shapes.body]) if (input) expectBounded(input, name)
})

test("the OpenAPI document has every route and no schema twice", () => {
  const document = openapiDocument(routes) as { paths: Record<string, Record<string, { operationId: string }>> }
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item))
  expect(operations).toHaveLength(routes.length)
  expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(routes.length)
})

function expectClosed(schema: Schema): void {
  if (schema.type === "object") expect(schema.additionalProperties).not.toBe(true)
  for (const child of Object.values(schema.properties ?? {})) expectClosed(child as Schema)
}

function expectBounded(schema: Schema, name: string): void {
  if (schema.type === "string" && !schema.enum && schema.const === undefined) {
    expect(
      schema.maxLength !== undefined || /\{\d+,\d+\}\$$/.test(schema.pattern ?? ""),
      `${name} ${JSON.stringify(schema)}`,
    ).toBe(true)
  }
  if (schema.type === "array") expect(schema.maxItems, name).toBeDefined()
  for (const child of [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties]) {
    if (typeof child === "object" && !Array.isArray(child)) expectBounded(child as Schema, name)
  }
}
