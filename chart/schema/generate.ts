/**
 * Writes chart/values.schema.json, the values table of chart/README.md and the list of defaults, which null stands for.
 * Defaults and descriptions come from values.yaml, types from the defaults, and what a default cannot say (enumerations,
 * patterns, the inside of maps) from the fragments beside this file. `--check` writes nothing and fails when a file differs.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "yaml"
import type { Json, JsonObject } from "./json.ts"
import { writeTable } from "./table.ts"
import { describeValues } from "./values.ts"

const CHART = join(import.meta.dirname, "..")
const FRAGMENTS = ["control-plane", "reach", "sessions", "credentials", "providers", "sign-in", "data"]

/** The whole schema as an object. @throws Error naming every key that lacks a description or a type. */
export function buildSchema(chart: string = CHART): JsonObject {
  const text = readFileSync(join(chart, "values.yaml"), "utf8")
  const fragments = readFragments(chart)
  const faults: string[] = []
  const used = new Set<string>()
  const root = describe("", parse(text) as JsonObject, { descriptions: describeValues(text), fragments, used, faults })
  for (const path of Object.keys(fragments)) if (!used.has(path)) faults.push(`${path}: a fragment, but no value`)
  if (faults.length > 0) throw new Error(`the schema cannot be made:\n  ${faults.join("\n  ")}`)
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the Berth chart",
    ...root,
    properties: {
      // As a dependency of another chart, the values get these two from the outside.
      global: { type: ["object", "null"], description: "Values of a parent chart." },
      enabled: { type: ["boolean", "null"], description: "Condition of a parent chart.", default: true },
      ...(root["properties"] as JsonObject),
    },
  }
}

interface Context {
  readonly descriptions: ReadonlyMap<string, string>
  readonly fragments: Readonly<Record<string, JsonObject>>
  readonly used: Set<string>
  readonly faults: string[]
}

function describe(path: string, value: Json, context: Context): JsonObject {
  const fragment = context.fragments[path]
  context.used.add(path)
  const description = context.descriptions.get(path)
  const isSection = isObject(value) && Object.keys(value).length > 0 && fragment?.["type"] === undefined
  const known: JsonObject = description === undefined ? {} : { description }
  if (!isSection) {
    if (description === undefined) context.faults.push(`${path}: no comment in values.yaml`)
    if (fragment === undefined && (Array.isArray(value) || typeof value === "object")) {
      context.faults.push(`${path}: an empty default says nothing about its type; write a fragment`)
    }
    return { ...known, type: typeOf(value), ...fragment, default: value }
  }
  const properties = Object.entries(value).map(([key, child]) => {
    return [key, describe(path === "" ? key : `${path}.${key}`, child, context)]
  })
  return { ...known, type: "object", additionalProperties: false, properties: Object.fromEntries(properties) }
}

function readFragments(chart: string): Record<string, JsonObject> {
  const read = (name: string) => JSON.parse(readFileSync(join(chart, "schema", `${name}.json`), "utf8")) as JsonObject
  const common = read("common") as Record<string, JsonObject>
  const all = Object.assign({}, ...FRAGMENTS.map(read)) as JsonObject
  return inline(all, common) as Record<string, JsonObject>
}

/** Puts the shared definitions where `$common` names them: Helm resolves no references to files. */
function inline(value: Json, common: Readonly<Record<string, JsonObject>>): Json {
  if (Array.isArray(value)) return value.map((item) => inline(item, common))
  if (!isObject(value)) return value
  const { $common: name, ...rest } = value
  const base = typeof name === "string" ? common[name] : {}
  if (base === undefined) throw new Error(`unknown common definition ${JSON.stringify(name)}`)
  return Object.fromEntries(Object.entries({ ...base, ...rest }).map(([key, child]) => [key, inline(child, common)]))
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return "array"
  return Number.isInteger(value) ? "integer" : typeof value
}

/** The default of every key, by dotted key. What a parent chart adds is no key of ours. */
export function defaultsOf(schema: JsonObject, path = ""): Record<string, Json> {
  const entries = Object.entries((schema["properties"] ?? {}) as Record<string, JsonObject>)
  const own = entries.filter(([key]) => path !== "" || (key !== "global" && key !== "enabled"))
  return Object.assign(
    {},
    ...own.map(([key, child]) => {
      const dotted = path === "" ? key : `${path}.${key}`
      return "default" in child ? { [dotted]: child["default"] ?? null } : defaultsOf(child, dotted)
    }),
  )
}

/** The generated files: path and content. */
export function generatedFiles(chart: string = CHART): { path: string; content: string }[] {
  const schema = buildSchema(chart)
  const readme = join(chart, "README.md")
  const defaults = JSON.stringify(defaultsOf(schema), null, 2)
  return [
    { path: join(chart, "files/validation/defaults.json"), content: `${defaults}\n` },
    { path: join(chart, "values.schema.json"), content: `${JSON.stringify(schema, null, 2)}\n` },
    { path: readme, content: writeTable(readFileSync(readme, "utf8"), schema) },
  ]
}

if (import.meta.main) {
  for (const { path, content } of generatedFiles()) {
    if (!process.argv.includes("--check")) writeFileSync(path, content)
    else if (readFileSync(path, "utf8") !== content) {
      console.error(`${path} is not up to date: run node chart/schema/generate.ts`)
      process.exitCode = 1
    }
  }
}
