import { readAddress, readHeaders, readRegion } from "./addresses.ts"
import { credentialFault } from "./aws-credentials.ts"
import { isDeeperThan, isObject } from "./json.ts"
import { type Injection, KNOWN_PACKAGES, kindOf, type ProviderKind, packageOf } from "./kinds.ts"
import { leaksIn, SECRET_PLACEHOLDER, substitutionsIn, unstorableIn } from "./leaks.ts"
import { memberFaults, optionFaultsOf } from "./members.ts"
import { unwrapProvider } from "./wrapping.ts"

export { isObject } from "./json.ts"

/** OpenCode's provider object, as an operator writes it. */
export type ProviderJson = Readonly<Record<string, unknown>>

/** A provider as the gateway and the agent's configuration need it: checked, with the secret-bearing parts apart. */
export interface ProviderDefinition {
  readonly id: string
  readonly kind: ProviderKind
  /** How its credential goes into a request. */
  readonly injection: Injection
  /** AWS region that requests are signed for; null where nothing is signed. */
  readonly region: string | null
  /** Where requests go, without a slash at its end. */
  readonly upstream: string
  /** Headers of the operator's own (`options.headers`). They stay here: the agent never sees them. */
  readonly headers: Readonly<Record<string, string>>
  /** Query parameters of the operator's own (`options.queryParams`), kept like the headers. */
  readonly query: Readonly<Record<string, string>>
  /** What the agent gets to see: everything but where requests go and what authenticates them. */
  readonly visible: ProviderJson
}

// The id becomes one segment of a path and the name of a key file.
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
// Of its own configuration OpenCode reads eight; options of models may have more.
const LEVELS_MAX = 32
const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/

/** Where a provider's JSON comes from: only the database may hold its key. */
export type ProviderSource = "values" | "database"

/**
 * A provider read from its JSON, or what is wrong with it: sentences that say which key to change, and never a value
 * that could be secret. `apiKey` is only read by those who use it.
 */
export function readProvider(
  id: string,
  given: ProviderJson,
  source: ProviderSource = "values",
): { provider: ProviderDefinition } | { faults: string[] } {
  const where = `providers.${id}`
  if (isDeeperThan(given, LEVELS_MAX)) return { faults: [`${where}: nested deeper than ${LEVELS_MAX} levels`] }
  const unwrapped = unwrapProvider(id, given)
  if ("faults" in unwrapped) return unwrapped
  const { json } = unwrapped
  const faults = memberFaults(where, json, source === "values" ? `providers.existingSecret, under "${id}"` : null)
  if (!ID.test(id)) faults.push(`${where}: an id has letters, digits, ".", "_" and "-" only, 64 at most`)
  if (typeof json["id"] === "string" && json["id"] !== id) {
    faults.push(`${where}.id: the id here is ${JSON.stringify(json["id"])}; leave it out, or save it under that id`)
  }
  const options = isObject(json["options"]) ? json["options"] : {}
  const npmPackage = packageOf(id, json["npm"])
  const kind = kindOf(npmPackage)
  const key = readKey(options, { where, source, id, kind }, faults)
  if (kind === undefined) {
    faults.push(`${where}.npm: "${npmPackage}" is not supported; supported: ${KNOWN_PACKAGES.join(", ")}`)
    return { faults }
  }
  faults.push(...optionFaultsOf(where, { options, kind, npmPackage, isOfValues: source === "values", id }))
  const upstream = readAddress(kind, options, where, faults)
  const region = kind.injection === "sigv4" ? readRegion(options["region"], where, faults) : null
  const headers = readHeaders(options["headers"], `${where}.options.headers`, faults)
  const query = kind.sealed.includes("queryParams") ? options["queryParams"] : undefined
  const definition = {
    id,
    kind,
    injection: key === "authToken" ? ("bearer" as const) : kind.injection,
    region,
    upstream,
    headers,
    query: readQuery(query, `${where}.options.queryParams`, faults),
    visible: visibleOf(json, kind, options),
  }
  faults.push(...netFaults(where, json, definition.visible, faults))
  return faults.length > 0 ? { faults } : { provider: definition }
}

/** The origin that requests of a provider go to, whatever else is wrong with it; null when it names none. */
export function originOf(id: string, json: ProviderJson): string | null {
  const kind = kindOf(packageOf(id, json["npm"]))
  const options = isObject(json["options"]) ? json["options"] : {}
  const upstream = kind === undefined ? "" : readAddress(kind, options, "", [])
  return upstream === "" ? null : new URL(upstream).origin
}

/** Which option holds the key; null when none does. */
function readKey(
  options: Readonly<Record<string, unknown>>,
  { where, source, id, kind }: { where: string; source: ProviderSource; id: string; kind: ProviderKind | undefined },
  faults: string[],
): "apiKey" | "authToken" | null {
  const given = (["apiKey", "authToken"] as const).filter(
    (name) => (kind?.sealed ?? ["apiKey"]).includes(name) && options[name] !== undefined,
  )
  for (const name of given) {
    const value = options[name]
    if (source === "values") {
      faults.push(
        `${where}.options.${name}: a key does not belong here; put it into providers.existingSecret under "${id}"` +
          (name === "authToken" ? ' with "Bearer " before it' : ""),
      )
    } else if (typeof value !== "string" || CONTROL_CHARACTERS.test(value)) {
      faults.push(`${where}.options.${name}: not a valid key`)
    } else if (kind?.injection === "sigv4") {
      const fault = credentialFault(value)
      if (fault !== null) faults.push(`${where}.options.${name}: ${fault}`)
    }
  }
  // The templates have an empty one, for people to fill in.
  const filled = given.filter((name) => options[name] !== "")
  if (filled.length > 1) faults.push(`${where}.options: give apiKey or authToken, not both`)
  return filled[0] ?? null
}

/** Query parameters are texts; one that the agent sends under the same name is replaced. */
function readQuery(value: unknown, where: string, faults: string[]): Record<string, string> {
  if (value === undefined) return {}
  if (!isObject(value)) {
    faults.push(`${where}: an object of names and texts is needed`)
    return {}
  }
  const query = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string")
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string" || CONTROL_CHARACTERS.test(text)) faults.push(`${where}.${name}: a text is needed`)
  }
  return Object.fromEntries(query)
}

function visibleOf(json: ProviderJson, kind: ProviderKind, options: Readonly<Record<string, unknown>>): ProviderJson {
  const { options: _, id: __, api: ___, ...rest } = json
  const shown = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(kind.shown, name)))
  return { ...rest, options: shown }
}

/** What no list knows by name is caught by how it looks. Places that a list has complained about are not named twice. */
function netFaults(where: string, json: ProviderJson, visible: ProviderJson, told: readonly string[]): string[] {
  const placeOf = (place: readonly string[]) => [where, ...place].join(".")
  const isTold = (place: string) => told.some((fault) => fault.startsWith(`${place}:`) || fault.startsWith(`${place}.`))
  const literal = substitutionsIn(json).map(
    (place) => `${placeOf(place)}: {env:…} and {file:…} are not replaced here; give the ${nounOf(place)} itself`,
  )
  const unstorable = unstorableIn(json).map((place) => `${placeOf(place)}: a text with a NUL or half of a character`)
  const leaks = leaksIn(visible)
    .map(placeOf)
    .filter((place) => !isTold(place))
    .map(
      (place) =>
        `${place}: looks like a credential, which does not belong here, where agents see it; ` +
        "it is the provider's key (options.apiKey), or goes into options.headers",
    )
  return [
    ...unstorable,
    ...literal,
    ...leaks,
    ...placeholders(visible).map((place) => `${placeOf(place)}: nothing is stored here`),
  ]
}

function nounOf(place: readonly string[]): string {
  return place.at(-1) === "apiKey" || place.at(-1) === "authToken" ? "key" : "value"
}

function placeholders(value: unknown, place: readonly string[] = []): string[][] {
  if (value === SECRET_PLACEHOLDER) return [[...place]]
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, item]) => placeholders(item, [...place, name]))
}
