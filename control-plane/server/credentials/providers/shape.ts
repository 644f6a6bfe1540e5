import { Ajv, type ErrorObject } from "ajv"
import { isObject } from "./json.ts"
import { permissionShape, providerMembers } from "./opencode-schema.ts"

const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false, verbose: true })
const WORDS_OF_VALUE_MAX = 40

/** Something that OpenCode would not start with: where, as keys and list indexes, and its own words. */
export interface ShapeFault {
  readonly place: readonly string[]
  readonly words: string
  /** A key that is not known there; null for any other fault. */
  readonly unknown: string | null
}

const limit = { type: "integer", minimum: 0 }
const { models, ...members } = providerMembers
const model = models.additionalProperties

/** Stricter than OpenCode in one thing: a fraction of a token, or less than none, is a slip. */
const validateProvider = ajv.compile({
  type: "object",
  properties: {
    ...members,
    models: {
      ...models,
      additionalProperties: {
        ...model,
        properties: {
          ...model.properties,
          limit: { ...model.properties.limit, properties: { context: limit, input: limit, output: limit } },
        },
      },
    },
  },
  additionalProperties: false,
})
const validatePermission = ajv.compile(permissionShape)

/** What OpenCode does not accept of a provider, `options` apart. */
export function providerShapeFaults(json: unknown): ShapeFault[] {
  return faultsOf(validateProvider(json) ? [] : validateProvider.errors)
}

/** What OpenCode does not accept as its `permission`. */
export function permissionShapeFaults(permission: unknown): ShapeFault[] {
  return faultsOf(validatePermission(permission) ? [] : validatePermission.errors)
}

/** Whether a value fits one option's schema; the words say what it should have been. */
export function optionFaults(schema: Readonly<Record<string, unknown>>, value: unknown): ShapeFault[] {
  const validate = ajv.compile(schema)
  return faultsOf(validate(value) ? [] : validate.errors)
}

/** One fault for each place: of alternatives only that none of them fits, or what the one of the right type lacks. */
function faultsOf(errors: readonly ErrorObject[] | null | undefined): ShapeFault[] {
  const all = errors ?? []
  const alternatives = all.filter(({ keyword }) => keyword === "anyOf")
  const shown = all.filter((error) => {
    const around = alternatives.find(
      ({ schemaPath }) => error.keyword !== "anyOf" && error.schemaPath.startsWith(schemaPath),
    )
    if (around !== undefined) return error.instancePath !== around.instancePath
    // An object that is wrong further down is told there.
    return (
      error.keyword !== "anyOf" || !all.some(({ instancePath }) => instancePath.startsWith(`${error.instancePath}/`))
    )
  })
  const faults = shown.map(faultOf)
  return faults.filter((fault, index) => faults.findIndex((one) => isSame(one, fault)) === index)
}

function isSame(one: ShapeFault, other: ShapeFault): boolean {
  return one.words === other.words && one.place.join("\n") === other.place.join("\n")
}

function faultOf(error: ErrorObject): ShapeFault {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
  if (error.keyword === "required") {
    return { place: [...path, String(error.params["missingProperty"])], words: "Missing key", unknown: null }
  }
  if (error.keyword === "additionalProperties") {
    const unknown = String(error.params["additionalProperty"])
    return { place: [...path, unknown], words: "Unknown key", unknown }
  }
  return { place: path, words: `Expected ${wanted(error)}, got ${got(error.data)}`, unknown: null }
}

function wanted({ keyword, params, schema, message }: ErrorObject): string {
  if (keyword === "enum" && Array.isArray(schema)) return schema.map((value) => JSON.stringify(value)).join(" | ")
  if (keyword === "type") return params["type"] === "integer" ? "a whole number" : String(params["type"])
  if (keyword === "minimum") return `a whole number of at least ${params["limit"]}`
  if (keyword === "anyOf" && Array.isArray(schema)) return schema.map(nameOf).join(" | ")
  return message ?? "another value"
}

function nameOf(schema: unknown): string {
  if (!isObject(schema)) return "another value"
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ")
  return schema["exclusiveMinimum"] === 0 ? "a whole number above 0" : String(schema["type"])
}

/** Never more of a value than its kind: what stands at a wrong place may be a key. */
function got(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value)
  if (typeof value === "number") return String(value).slice(0, WORDS_OF_VALUE_MAX)
  return Array.isArray(value) ? "a list" : typeof value === "string" ? "a text" : "an object"
}
