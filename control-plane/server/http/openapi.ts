import { SCOPES } from "../identity/index.ts"
import { type Route, type Schema, statusOf } from "./routes/route.ts"
import { errorBody } from "./schemas/common.ts"

const SIGNED_BODY = {
  required: true,
  description: "As the other server sends it, with its signature in a header.",
  content: { "application/json": { schema: { type: "object" } } },
} as const

/** The OpenAPI 3.1 document of these routes. Schemas with a title become components. */
export function openapiDocument(routes: readonly Route[]): object {
  const components: Record<string, unknown> = {}
  const error = reference(errorBody, components)
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}")
    const item = paths[path] ?? {}
    paths[path] = item
    item[route.method.toLowerCase()] = operation(route, error, components)
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Berth",
      version: "1",
      description:
        "Sessions of coding agents, each in a pod of its own. Unsafe requests that are signed in by cookie carry Origin or Sec-Fetch-Site.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        login: { type: "apiKey", in: "cookie", name: "__Host-berth", description: "Made by signing in." },
        token: { type: "http", scheme: "bearer", description: `An API token with scopes of: ${SCOPES.join(", ")}.` },
      },
    },
  }
}

function operation(route: Route, error: unknown, components: Record<string, unknown>): object {
  const { query, body, answer, stream, lines, file, signed } = route.shapes
  const status = statusOf(route)
  const open = route.permission === "anyone"
  const type = stream ? "text/event-stream" : lines ? "application/x-ndjson" : "application/json"
  const answered = file
    ? { description: "The file.", content: { "application/octet-stream": {} } }
    : answer
      ? { description: answer.description ?? "Done.", content: { [type]: { schema: reference(answer, components) } } }
      : { description: "Done." }
  return {
    operationId: operationId(route),
    summary: route.summary,
    parameters: [...pathParameters(route), ...queryParameters(query, components), ...headerParameters(route)],
    ...(body
      ? { requestBody: { required: true, content: { "application/json": { schema: reference(body, components) } } } }
      : {}),
    ...(signed ? { requestBody: SIGNED_BODY } : {}),
    responses: {
      [status]: answered,
      default: { description: "Refused or failed.", content: { "application/json": { schema: error } } },
    },
    security: open ? [] : route.permission === "account" ? [{ login: [] }] : [{ login: [] }, { token: [] }],
    "x-permission": route.permission,
  }
}

function operationId(route: Route): string {
  const words = route.path
    .replace("/api/", "")
    .split(/[/.:-]+/)
    .filter((word) => word !== "")
  return [route.method.toLowerCase(), ...words].join("_")
}

function pathParameters(route: Route): object[] {
  return [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }))
}

function queryParameters(query: Schema | undefined, components: Record<string, unknown>): object[] {
  const known = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    schema: reference(schema, components),
  }))
  const patterns = Object.keys(query?.patternProperties ?? {})
  if (patterns.length === 0) return known
  return [...known, { name: "tag", in: "query", description: "tag.<name>=<value>", schema: { type: "object" } }]
}

function headerParameters({ shapes }: Route): object[] {
  if (shapes.idempotent) {
    const description = "1 to 200 visible ASCII characters; a repeat answers what the first request made."
    return [{ name: "Idempotency-Key", in: "header", description, schema: { type: "string" } }]
  }
  if (!shapes.stream) return []
  const description = "Where to go on: the id of the last event that was received."
  return [{ name: "Last-Event-ID", in: "header", description, schema: { type: "string" } }]
}

/** The schema with every titled schema in it replaced by a reference to its component. */
function reference(schema: unknown, components: Record<string, unknown>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => reference(item, components))
  if (typeof schema !== "object" || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([name, child]) => [name, reference(child, components)]))
  const { title } = schema as { title?: unknown }
  if (typeof title !== "string") return copy
  components[title] = copy
  return { $ref: `#/components/schemas/${title}` }
}
