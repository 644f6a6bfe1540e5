import { describeRoutes, type Route } from "../../../control-plane/server/http/routes/index.ts"
import type { Schema } from "../../../control-plane/server/http/routes/route.ts"
import { checkBody } from "../../../control-plane/server/http/validation.ts"

/** One place where a request takes a text or a number, and a request that is valid with something there. */
export interface Place {
  /** Method, path, and the place, for example `PATCH /api/sessions/:id body.tags.x`. */
  readonly name: string
  readonly route: Route
  readonly where: "body" | "query"
  readonly path: readonly string[]
  readonly schema: Schema
  /** The request's whole body or query with `value` at the place. */
  filled(value: unknown): unknown
}

type Node = Schema & { readonly items?: Schema; readonly additionalProperties?: Schema | boolean }

/** What is tried until one is valid: a schema says with a pattern what it takes, not an example. */
const CANDIDATES = [
  "x",
  "1",
  "a/b",
  "a@example.com",
  "2026-03-01",
  "msg_0000000000000000000001",
  "a".repeat(32),
  "ses_1:0",
  "10Gi",
]

/** Every place of every route whose schema is of one of these types, members of free maps included. */
export function placesOf(types: readonly string[]): Place[] {
  return describeRoutes().flatMap((route) =>
    (["body", "query"] as const).flatMap((where) => {
      const schema = route.shapes[where] as Node | undefined
      if (schema === undefined) return []
      return pathsOf(schema, [])
        .filter(({ schema: leaf }) => types.includes(String(leaf.type)) && leaf.enum === undefined)
        .map(({ path, schema: leaf }) => ({
          name: `${route.method} ${route.path} ${[where, ...path].join(".")}`,
          route,
          where,
          path,
          schema: leaf,
          filled: (value: unknown) => fill(schema, path, value),
        }))
    }),
  )
}

function pathsOf(schema: Node, path: readonly string[]): { path: readonly string[]; schema: Node }[] {
  const members = [
    ...Object.entries(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}).map((child) => ["tag.x", child] as const),
    ...(typeof schema.additionalProperties === "object" ? [["x", schema.additionalProperties] as const] : []),
    ...(schema.items === undefined ? [] : [["0", schema.items] as const]),
  ]
  if (members.length === 0) return [{ path, schema }]
  return members.flatMap(([name, child]) => pathsOf(child as Node, [...path, name]))
}

/** The least that a schema takes, with `value` at the end of the path. */
function fill(schema: Node, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value
  if (schema.items !== undefined) return [fill(schema.items as Node, rest, value)]
  const properties = (schema.properties ?? {}) as Record<string, Node>
  const [pattern] = Object.values(schema.patternProperties ?? {}) as Node[]
  const child = properties[name] ?? pattern ?? (schema.additionalProperties as Node)
  const others = (schema.required ?? []).filter((one) => one !== name)
  return {
    ...Object.fromEntries(others.map((one) => [one, sample(properties[one] ?? {})])),
    [name]: fill(child, rest, value),
  }
}

/** A value that the schema takes. */
export function sample(schema: Node): unknown {
  if (schema.enum != null) return (schema.enum as readonly unknown[])[0]
  if (schema.type === "boolean") return true
  if (schema.type === "integer") return schema.minimum ?? 1
  if (schema.type === "array") return [sample(schema.items as Node)]
  if (schema.type === "object") {
    const properties = (schema.properties ?? {}) as Record<string, Node>
    return Object.fromEntries((schema.required ?? []).map((name) => [name, sample(properties[name] ?? {})]))
  }
  const check = checkBody(schema)
  const found = CANDIDATES.find((text) => {
    try {
      return check(text) === text
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error(`no sample for ${JSON.stringify(schema)}`)
  return found
}
