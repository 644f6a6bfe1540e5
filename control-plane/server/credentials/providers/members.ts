import { isObject } from "./json.ts"
import type { ProviderKind } from "./kinds.ts"
import { isCredentialName } from "./leaks.ts"
import { modelMembers, providerMembers } from "./opencode-schema.ts"
import { optionFaults, providerShapeFaults, type ShapeFault } from "./shape.ts"

type Json = Readonly<Record<string, unknown>>

const KEY_AT = "a key goes into options.apiKey"
// What the sidecar takes away from an agent's requests anyway.
const CREDENTIAL_HEADERS = ["authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"]
/** By its letters, the option that a misspelt name means. A key has words of its own: they say where it goes. */
const MEANT: Readonly<Record<string, string>> = { baseurl: "baseURL", headers: "headers" }

function meantBy(name: string): string | undefined {
  return MEANT[name.toLowerCase().replaceAll(/[^a-z]/g, "")]
}

/** What is wrong with a provider outside of `options`. `keyAt` says where its key goes when that is not `options.apiKey`. */
export function memberFaults(where: string, json: Json, keyAt: string | null): string[] {
  const hint = keyAt === null ? KEY_AT : `a key goes into ${keyAt}`
  const shape = providerShapeFaults(json).map((fault) => sentence(where, fault, hint, json))
  const address =
    json["api"] === undefined ? [] : [`${where}.api: not supported; the address goes into options.baseURL`]
  return [...shape, ...address, ...modelFaults(json["models"], where)]
}

function sentence(where: string, { place, words, unknown }: ShapeFault, hint: string, json: Json): string {
  const at = [where, ...place].join(".")
  if (unknown === null) return `${at}: ${words}`
  if (place.length === 1) return `${at}: ${topLevelWords(unknown, json[unknown], hint)}`
  if (place[0] !== "models" || place.length !== 3) return `${at}: OpenCode does not know this key`
  if (isCredentialName(unknown)) return `${at}: a credential does not belong here, where agents see it; ${hint}`
  return `${at}: OpenCode does not know this key; known: ${Object.keys(modelMembers).join(", ")}`
}

function topLevelWords(name: string, value: unknown, hint: string): string {
  const meant = meantBy(name)
  if (meant !== undefined) return `goes into options.${meant}`
  if (isCredentialName(name)) return `a credential does not belong here; ${hint}`
  if (isObject(value) && ["npm", "options", "models"].some((member) => Object.hasOwn(value, member))) {
    return "this is the object of another provider; save it under its own id"
  }
  return `OpenCode does not know this key; known: ${Object.keys(providerMembers).join(", ")}`
}

/**
 * A model may name a package and address of its own in OpenCode; that would go past the gateway's pinned upstream. Its
 * headers are the agent's to send, and to see.
 */
function modelFaults(models: unknown, where: string): string[] {
  if (!isObject(models)) return []
  return Object.entries(models).flatMap(([id, model]) => {
    if (!isObject(model)) return []
    const at = `${where}.models.${id}`
    const provider =
      model["provider"] === undefined ? [] : [`${at}.provider: not supported; make a second provider for it`]
    const headers = isObject(model["headers"]) ? Object.keys(model["headers"]) : []
    const credentials = headers
      .filter((name) => CREDENTIAL_HEADERS.includes(name.toLowerCase()))
      .map(
        (name) =>
          `${at}.headers.${name}: a credential does not belong here, where agents see it; it is the provider's key, ` +
          "or goes into options.headers",
      )
    return [...provider, ...credentials]
  })
}

interface Given {
  readonly id: string
  readonly options: Json
  readonly kind: ProviderKind
  readonly npmPackage: string
  readonly isOfValues: boolean
}

/** What is wrong with the names and types of `options`, but for addresses and keys, which have checks of their own. */
export function optionFaultsOf(where: string, given: Given): string[] {
  const { options, kind } = given
  return Object.entries(options).flatMap(([name, value]) => {
    const at = `${where}.options.${name}`
    if (Object.hasOwn(kind.shown, name)) {
      return optionFaults(kind.shown[name] ?? {}, value).map(
        ({ words, place }) => `${[at, ...place].join(".")}: ${words}`,
      )
    }
    if (kind.hidden.includes(name) || kind.sealed.includes(name)) return []
    return [`${at}: ${unknownOption(name, given)}`]
  })
}

function unknownOption(name: string, { id, kind, npmPackage, isOfValues }: Given): string {
  const key = isOfValues ? `a key goes into providers.existingSecret, under "${id}"` : KEY_AT
  if (kind.secret.includes(name)) {
    const form = kind.injection === "sigv4" ? ` as {"accessKeyId":"…","secretAccessKey":"…"}` : ""
    return `a credential does not belong here; it is the provider's key${form}`
  }
  const meant = meantBy(name)
  if (meant !== undefined) return `is called ${meant}`
  if (isCredentialName(name)) return `${npmPackage} does not know it; ${key}, one in a header into options.headers`
  const known = [...kind.hidden, ...kind.sealed, ...Object.keys(kind.shown)].join(", ")
  return `${npmPackage} does not know it; known: ${known}. What a model's requests get goes into models.<model>.options`
}
