import { Ajv, type ErrorObject, type ValidateFunction } from "ajv"
import { unstorableIn } from "../database/index.ts"
import { AppError } from "../errors/index.ts"
import type { Schema } from "./routes/route.ts"

const OPTIONS = { strict: true, allowUnionTypes: true, strictRequired: false, formats: { date: isDay } } as const
const bodies = new Ajv(OPTIONS)
// Everything in a query is text: numbers and defaults are made of it.
const queries = new Ajv({ ...OPTIONS, coerceTypes: true, useDefaults: true })

const FIELD_CHARACTERS_MAX = 200

/**
 * A check that answers the value or throws `invalid_request` with the place and the reason. Texts that cannot be stored
 * (NUL, half of a surrogate pair) are refused wherever they are, also where the schema says nothing of a place.
 */
export type Check = (value: unknown) => unknown

/** Compiles the check of a request's body. */
export function checkBody(schema: Schema): Check {
  return check(bodies.compile(schema as object), "body")
}

/** Compiles the check of a query; the checked query has numbers where the schema says so, and defaults. */
export function checkQuery(schema: Schema): Check {
  return check(queries.compile(schema as object), "query")
}

function check(validate: ValidateFunction, where: string): Check {
  return (value) => {
    const place = unstorableIn(value)
    if (place !== null) {
      const field = nameOf(where, place)
      throw new AppError("invalid_request", `${field} has a character that cannot be stored (NUL or half of a pair).`, {
        details: { field },
      })
    }
    if (validate(value)) return finite(where, value)
    const [error] = validate.errors ?? []
    throw new AppError("invalid_request", describe(where, error), { details: { field: fieldOf(where, error) } })
  }
}

/** `1e400` in a query becomes Infinity, which no limit of a schema is compared with. */
function finite(where: string, value: unknown): unknown {
  if (where !== "query") return value
  const odd = Object.entries(value as object).find(([, one]) => typeof one === "number" && !Number.isFinite(one))
  if (odd === undefined) return value
  const field = nameOf(where, [odd[0]])
  throw new AppError("invalid_request", `${field} is too large.`, { details: { field } })
}

/** What is wrong with a value, or null. */
function checkAnswer(schema: Schema): (value: unknown) => string | null {
  const validate = bodies.compile(schema as object)
  return (value) => (validate(value) ? null : describe("answer", validate.errors?.[0]))
}

function describe(where: string, error: ErrorObject | undefined): string {
  const field = fieldOf(where, error)
  if (error?.keyword === "enum") return `${field} must be one of ${error.params.allowedValues.join(", ")}.`
  if (error?.keyword === "additionalProperties") return `${field} is not known.`
  if (error?.keyword === "required") return `${field} is missing.`
  if (error?.keyword === "format") return `${field} must be a day of the calendar from 1970 on, written as 2026-03-01.`
  if (error?.keyword === "pattern") return `${field} has characters or a form that are not allowed.`
  return `${field} ${error?.message ?? "is not valid"}.`
}

/** Whether a text is a day that there is, from 1970 on, as `2026-03-01`: what the format `date` means. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text < "1970") return false
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}

function fieldOf(where: string, error: ErrorObject | undefined): string {
  const path = (error?.instancePath ?? "").split("/").slice(1)
  const extra = error?.params.additionalProperty ?? error?.params.missingProperty
  if (typeof extra === "string") path.push(extra)
  return nameOf(where, path)
}

function nameOf(where: string, path: readonly string[]): string {
  return [where, ...path].join(".").slice(0, FIELD_CHARACTERS_MAX).toWellFormed()
}

/**
 * A copy of `value` with only what the schema declares, so that a field that somebody adds to a row does not leave by
 * accident. Understands what our answer schemas use: properties, items and additionalProperties, and for events oneOf.
 */
export function pick(schema: Schema, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  const { properties, items, additionalProperties } = schema as {
    properties?: Record<string, Schema>
    items?: Schema
    additionalProperties?: Schema | boolean
  }
  if (Array.isArray(value)) return items ? value.map((item) => pick(items, item)) : value
  if (additionalProperties === true || (properties === undefined && additionalProperties === undefined)) return value
  const picked: Record<string, unknown> = {}
  for (const [name, child] of Object.entries(value)) {
    const known = properties?.[name] ?? additionalProperties
    if (typeof known === "object" && child !== undefined) picked[name] = pick(known, child)
  }
  return picked
}

/** What is sent of a value: a copy with what is declared, and what is wrong with it, or null. */
export type Declare = (value: unknown) => { readonly declared: unknown; readonly fault: string | null }

/**
 * What an answer, a line or an event may hold. A schema with `oneOf` is a choice by the value of `type`, and a value of
 * a type that is not declared is null.
 */
export function declare(schema: Schema): Declare {
  if (schema.oneOf === undefined) {
    const check = checkAnswer(schema)
    return (value) => {
      const declared = pick(schema, value)
      return { declared, fault: check(declared) }
    }
  }
  const variants = new Map(
    (schema.oneOf as Schema[]).map((variant) => [
      (variant.properties?.type as { const?: unknown })?.const,
      declare(variant),
    ]),
  )
  return (value) => {
    const { type } = (value ?? {}) as { type?: unknown }
    const variant = variants.get(type)
    return variant ? variant(value) : { declared: null, fault: `type ${String(type)} is not declared` }
  }
}
