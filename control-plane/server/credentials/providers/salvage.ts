import { isObject } from "./json.ts"
import { kindOf, packageOf } from "./kinds.ts"
import { isCredentialName, leaksIn, type Place } from "./leaks.ts"
import { modelMembers, providerMembers } from "./opencode-schema.ts"
import { isSealed, type ProviderSecrets, sealPlain } from "./secrets.ts"
import { unwrapProvider } from "./wrapping.ts"

type Json = Readonly<Record<string, unknown>>

/** A stored provider without anything in clear text that could be a credential. */
export interface Salvaged {
  readonly definition: Json
  readonly secrets: ProviderSecrets
  /** What was done, each a sentence for administrators, without a value. Empty when there was nothing to do. */
  readonly notices: readonly string[]
}

/**
 * Earlier versions stored whatever an administrator had typed: also keys at places that nobody looked at, in clear text.
 * Those are sealed where their place is known, and taken out where it is not. Nothing else is corrected.
 */
export function salvage(id: string, stored: Json, sealed: ProviderSecrets): Salvaged {
  const notices: string[] = []
  const unwrapped = unwrapProvider(id, stored)
  const own = "json" in unwrapped ? unwrapped.json : stored
  const inPlace = withKeyInPlace(own, notices)
  const known = knownMembers(inPlace, notices)
  const withOptions = isObject(known["options"])
    ? { ...known, options: knownOptions(id, known, known["options"], notices) }
    : known
  const models = isObject(withOptions["models"]) ? knownModels(withOptions["models"], notices) : withOptions["models"]
  const members = models === undefined ? withOptions : { ...withOptions, models }
  const clean = withoutPlaces(members, credentialPlaces(members), notices)
  const { definition, secrets, found } = sealPlain(clean, sealed)
  for (const path of found) notices.push(`${path} stood in clear text and is sealed now: ${REPLACE}`)
  return notices.length === 0 ? { definition: stored, secrets: sealed, notices } : { definition, secrets, notices }
}

// They never reach an agent, and an account's id in one is as long as a key.
const ADDRESSES = ["baseURL", "endpoint"]
const REPLACE =
  "agents and readers of the database could see it; replace it at the provider, and save the new one here."

/** The key one level too high, where many write it. */
function withKeyInPlace(json: Json, notices: string[]): Json {
  const { apiKey, ...rest } = json
  const options = json["options"] ?? {}
  if (typeof apiKey !== "string" || !isObject(options) || options["apiKey"] !== undefined) return json
  notices.push("apiKey stood beside options; it is options.apiKey now.")
  return { ...rest, options: { ...options, apiKey } }
}

function knownMembers(json: Json, notices: string[]): Json {
  return keep(json, "", (name) => Object.hasOwn(providerMembers, name), notices)
}

function knownOptions(id: string, json: Json, options: Json, notices: string[]): Json {
  const kind = kindOf(packageOf(id, json["npm"]))
  const known = kind === undefined ? [] : [...kind.hidden, ...kind.sealed, ...Object.keys(kind.shown)]
  const always = ["baseURL", "apiKey", "headers"]
  return keep(options, "options.", (name) => known.includes(name) || always.includes(name), notices)
}

function knownModels(models: Json, notices: string[]): Json {
  return Object.fromEntries(
    Object.entries(models).map(([id, model]) => [
      id,
      isObject(model) ? keep(model, `models.${id}.`, (name) => Object.hasOwn(modelMembers, name), notices) : model,
    ]),
  )
}

function keep(json: Json, before: string, isKnown: (name: string) => boolean, notices: string[]): Json {
  return Object.fromEntries(
    Object.entries(json).filter(([name, value]) => {
      if (isKnown(name)) return true
      notices.push(removal(`${before}${name}`, value, isCredentialName(name) || leaksIn(value).length > 0))
      return false
    }),
  )
}

function removal(path: string, value: unknown, isCredential: boolean): string {
  if (isCredential) return `${path} held a credential in clear text, at the wrong place, and is taken out: ${REPLACE}`
  const unknown = `${path} is not known and is taken out.`
  return holdsText(value) ? `${unknown} If it was a secret: ${REPLACE}` : unknown
}

function holdsText(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string" && value !== ""
  return Object.values(value).some(holdsText)
}

/** What looks like a credential outside of the places that are sealed or stay with Berth. */
function credentialPlaces(json: Json): Place[] {
  const { options, ...rest } = json
  const shown = isObject(options)
    ? Object.fromEntries(Object.entries(options).filter(([name]) => !isSealed(name) && !ADDRESSES.includes(name)))
    : {}
  return leaksIn({ ...rest, options: shown })
}

function withoutPlaces(json: Json, places: readonly Place[], notices: string[]): Json {
  let clean: unknown = json
  for (const place of places) {
    clean = without(clean, place)
    notices.push(removal(place.join("."), "", true))
  }
  return isObject(clean) ? clean : {}
}

function without(value: unknown, [name, ...rest]: Place): unknown {
  if (name === undefined) return value
  if (Array.isArray(value)) {
    const index = Number(name)
    return rest.length === 0
      ? value.map((item, at) => (at === index ? "" : item))
      : value.map((item, at) => (at === index ? without(item, rest) : item))
  }
  if (!isObject(value)) return value
  if (rest.length > 0) return { ...value, [name]: without(value[name], rest) }
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
}
