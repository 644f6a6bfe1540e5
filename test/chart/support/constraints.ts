import type { Json, JsonObject } from "../../../chart/schema/json.ts"

/** A value that breaks exactly one constraint of the values schema, and what Helm says to it. */
export interface Violation {
  readonly constraint: string
  /** Keys and list indexes down to the value. */
  readonly path: readonly (string | number)[]
  readonly value: Json
  readonly message: string
}

/** Fits as many patterns as possible: for the members of maps and lists, and for what an object requires. */
const SAMPLES = ["a", "/a", "a.env", "A", "https://a", "a@b"]
/** In the order in which Helm lists them. */
const TYPES = ["null", "boolean", "number", "integer", "string", "array", "object"]
const WRONG: readonly { type: string; value: Json }[] = [
  { type: "string", value: "text" },
  { type: "boolean", value: true },
  { type: "number", value: 7.5 },
  { type: "array", value: [] },
]
/** Breaks nearly every pattern. The others are for patterns that are short of one. */
const MISFITS = ["not a fit!", " ", "a@b", "x".repeat(300), "/", "", "a:b"]

/** One violation for each constraint of the schema: types, unknown keys, required keys, enumerations, patterns, limits. */
export function violationsOf(schema: JsonObject): Violation[] {
  return visit(schema, [])
}

function visit(node: JsonObject, path: readonly (string | number)[]): Violation[] {
  const own = [type(node, path), unknownKey(node, path), required(node, path), propertyNames(node, path)]
  const limits = [oneOf(node, path), pattern(node, path), minimum(node, path), maximum(node, path), size(node, path)]
  const properties = Object.entries((node["properties"] ?? {}) as Record<string, JsonObject>)
  const children = properties.flatMap(([key, child]) => visit(child, [...path, key]))
  const members = node["additionalProperties"]
  if (isObject(members)) children.push(...visit(members, [...path, sampleKey(node)]))
  const { items } = node
  if (isObject(items)) children.push(...visit(items, [...path, 0]))
  return [...own, ...limits].filter((violation) => violation !== null).concat(children)
}

function violation(constraint: string, path: readonly (string | number)[], value: Json, message: string): Violation {
  return { constraint, path, value, message: `at '${path.map((key) => `/${key}`).join("")}': ${message}` }
}

function type(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const allowed = typesOf(node)
  if (allowed.length === 0 || path.length === 0) return null
  const wanted = allowed.toSorted((a, b) => TYPES.indexOf(a) - TYPES.indexOf(b)).join(" or ")
  const wrong = WRONG.find(
    (one) => !allowed.includes(one.type) && !(one.type === "number" && allowed.includes("integer")),
  )
  const fallback = { type: "object", value: {} }
  const { type: got, value } = wrong ?? fallback
  return violation("type", path, value, `got ${got}, want ${wanted}`)
}

function unknownKey(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  if (node["additionalProperties"] !== false) return null
  const found = violation("additionalProperties", path, 1, "additional properties 'unknownKey' not allowed")
  return { ...found, path: [...path, "unknownKey"] }
}

function required(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const keys = node["required"]
  if (!Array.isArray(keys)) return null
  const names = keys.map((key) => `'${key}'`).join(", ")
  return violation("required", path, {}, `missing ${keys.length === 1 ? "property" : "properties"} ${names}`)
}

function propertyNames(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const names = node["propertyNames"]
  if (!isObject(names)) return null
  const members = node["additionalProperties"]
  const found = violation("propertyNames", [...path, "not a fit!"], isObject(members) ? sample(members) : "a", "")
  return { ...found, message: "at '': invalid propertyName 'not a fit!'" }
}

function oneOf(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const values = node["enum"]
  if (!Array.isArray(values)) return null
  const list = values.map((value) => `'${value}'`).join(", ")
  const message = values.length === 1 ? `value must be ${list}` : `value must be one of ${list}`
  return violation("enum", path, "not-one-of-them", message)
}

function pattern(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const text = node["pattern"]
  if (typeof text !== "string") return null
  const misfit = MISFITS.find((one) => !new RegExp(text).test(one) && fitsLength(node, one))
  if (misfit === undefined) throw new Error(`no value breaks the pattern ${text}`)
  return violation("pattern", path, misfit, `'${misfit}' does not match pattern '${text.replaceAll("\\", "\\\\")}'`)
}

function minimum(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const limit = node["minimum"]
  if (typeof limit !== "number") return null
  return violation("minimum", path, limit - 1, `minimum: got ${limit - 1}, want ${limit}`)
}

function maximum(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  const limit = node["maximum"]
  if (typeof limit !== "number") return null
  const [got, want] = [limit + 1, limit].map((number) => number.toLocaleString("en"))
  return violation("maximum", path, limit + 1, `maximum: got ${got}, want ${want}`)
}

function size(node: JsonObject, path: readonly (string | number)[]): Violation | null {
  if (typeof node["maxLength"] === "number") {
    const limit = node["maxLength"]
    return violation("maxLength", path, "a".repeat(limit + 1), `maxLength: got ${limit + 1}, want ${limit}`)
  }
  if (node["minItems"] === 1) return violation("minItems", path, [], "minItems: got 0, want 1")
  if (node["minLength"] === 1) return violation("minLength", path, "", "minLength: got 0, want 1")
  return null
}

function fitsLength(node: JsonObject, text: string): boolean {
  return text.length >= Number(node["minLength"] ?? 0) && text.length <= Number(node["maxLength"] ?? text.length)
}

/** A value that fits the node and nothing more. */
export function sample(node: JsonObject): Json {
  const values = node["enum"]
  if (Array.isArray(values)) return values[0] ?? ""
  const [first] = typesOf(node)
  if (first === "array") return isObject(node["items"]) && node["minItems"] ? [sample(node["items"])] : []
  if (first === "integer" || first === "number") return Number(node["minimum"] ?? 1)
  if (first === "boolean") return true
  if (first === "string") return SAMPLES.find((text) => new RegExp(String(node["pattern"] ?? "")).test(text)) ?? ""
  const properties = (node["properties"] ?? {}) as Record<string, JsonObject>
  const keys = Array.isArray(node["required"]) ? node["required"].map(String) : []
  return Object.fromEntries(keys.map((key) => [key, sample(properties[key] ?? { type: "object" })]))
}

function sampleKey(node: JsonObject): string {
  const names = node["propertyNames"]
  const fits = new RegExp(isObject(names) ? String(names["pattern"]) : "")
  return SAMPLES.find((text) => fits.test(text)) ?? "a"
}

function typesOf(node: JsonObject): string[] {
  const types = node["type"]
  return Array.isArray(types) ? types.map(String) : types === undefined ? [] : [String(types)]
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
