import { credentialFault } from "./aws-credentials.ts"
import { KNOWN_PACKAGES, kindOf, type ProviderKind, packageOf } from "./kinds.ts"

/** OpenCode's provider object, as an operator writes it. */
export type ProviderJson = Readonly<Record<string, unknown>>

/** A provider as the gateway and the agent's configuration need it: checked, with the secret-bearing parts apart. */
export interface ProviderDefinition {
  readonly id: string
  readonly kind: ProviderKind
  /** AWS region that requests are signed for; null where nothing is signed. */
  readonly region: string | null
  /** Where requests go, without a slash at its end. */
  readonly upstream: string
  /** Headers of the operator's own (`options.headers`). They stay here: the agent never sees them. */
  readonly headers: Readonly<Record<string, string>>
  /** What the agent gets to see: everything but where requests go and what authenticates them. */
  readonly visible: ProviderJson
}

// The id becomes one segment of a path and the name of a key file.
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
// What the sidecar takes away from an agent's requests anyway.
const CREDENTIAL_HEADERS = ["authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"]
const CONTROL_CHARACTERS = /[\0-\x1f\x7f]/
const REGION = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/

/** Where a provider's JSON comes from: only the database may hold its key. */
export type ProviderSource = "values" | "database"

/**
 * A provider read from its JSON, or what is wrong with it: sentences that say which key to change, and never a value
 * that could be secret. `apiKey` is only read by those who use it.
 */
export function readProvider(
  id: string,
  json: ProviderJson,
  source: ProviderSource = "values",
): { provider: ProviderDefinition } | { faults: string[] } {
  const where = `providers.${id}`
  const faults: string[] = []
  if (!ID.test(id)) faults.push(`${where}: an id has letters, digits, ".", "_" and "-" only, 64 at most`)
  const options = isObject(json["options"]) ? json["options"] : {}
  const npmPackage = packageOf(id, json["npm"])
  const kind = kindOf(npmPackage)
  if (kind === undefined) {
    faults.push(`${where}.npm: "${npmPackage}" is not supported; supported: ${KNOWN_PACKAGES.join(", ")}`)
  }
  const apiKey = options["apiKey"]
  if (
    source === "database" &&
    apiKey !== undefined &&
    (typeof apiKey !== "string" || CONTROL_CHARACTERS.test(apiKey))
  ) {
    faults.push(`${where}.options.apiKey: not a valid key`)
  }
  if (source === "values" && apiKey !== undefined) {
    faults.push(
      `${where}.options.apiKey: a key does not belong here; put it into providers.existingSecret under "${id}"`,
    )
  }
  const upstream = kind === undefined ? "" : readAddress(kind, options, where, faults)
  const region = kind?.injection === "sigv4" ? readRegion(options["region"], where, faults) : null
  if (kind !== undefined) checkSecretOptions(kind, options, where, faults)
  if (kind?.injection === "sigv4" && typeof apiKey === "string") {
    const fault = credentialFault(apiKey)
    if (fault !== null) faults.push(`${where}.options.apiKey: ${fault}`)
  }
  const headers = readHeaders(options["headers"], `${where}.options.headers`, faults)
  checkModels(json["models"], where, faults)
  if (faults.length > 0 || kind === undefined) return { faults }
  const hidden = ["baseURL", "apiKey", "headers", ...kind.hidden]
  const shown = Object.fromEntries(Object.entries(options).filter(([name]) => !hidden.includes(name)))
  return { provider: { id, kind, region, upstream, headers, visible: { ...json, options: shown } } }
}

function readAddress(kind: ProviderKind, options: Record<string, unknown>, where: string, faults: string[]): string {
  const address = kind.address(options)
  if (address !== undefined) return readUpstream(address, `${where}.options.baseURL`, faults)
  faults.push(`${where}.${kind.addressNeeds}`)
  return ""
}

function readRegion(value: unknown, where: string, faults: string[]): string {
  if (typeof value === "string" && REGION.test(value)) return value
  const fault = `${where}.options.region: an AWS region is needed, for example eu-central-1`
  if (!faults.includes(fault)) faults.push(fault)
  return ""
}

/** What an SDK would take as a credential has no business in a configuration that agents get to see. */
function checkSecretOptions(
  { secret, injection }: ProviderKind,
  options: Record<string, unknown>,
  where: string,
  faults: string[],
): void {
  for (const name of secret) {
    if (options[name] === undefined) continue
    const form = injection === "sigv4" ? ` as {"accessKeyId":"…","secretAccessKey":"…"}` : ""
    faults.push(`${where}.options.${name}: a credential does not belong here; it is the provider's key${form}`)
  }
}

function readUpstream(value: unknown, where: string, faults: string[]): string {
  if (typeof value !== "string" || !URL.canParse(value)) {
    faults.push(`${where}: an http or https address is needed`)
    return ""
  }
  const url = new URL(value)
  if (url.protocol !== "https:" && url.protocol !== "http:") faults.push(`${where}: only http and https addresses work`)
  if (url.username !== "" || url.password !== "") faults.push(`${where}: no user name or password in the address`)
  if (url.search !== "" || url.hash !== "") faults.push(`${where}: no query and no fragment in the address`)
  return url.origin + url.pathname.replace(/\/+$/, "")
}

function readHeaders(value: unknown, where: string, faults: string[]): Record<string, string> {
  if (value === undefined) return {}
  if (!isObject(value)) {
    faults.push(`${where}: an object of header names and values is needed`)
    return {}
  }
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (!HEADER_NAME.test(name) || typeof text !== "string" || CONTROL_CHARACTERS.test(text)) {
      faults.push(`${where}.${name}: not a valid header`)
    } else headers[name.toLowerCase()] = text
  }
  return headers
}

/**
 * A model may name a package and address of its own in OpenCode; that would go past the gateway's pinned upstream. Its
 * headers are the agent's to send, and to see.
 */
function checkModels(models: unknown, where: string, faults: string[]): void {
  if (!isObject(models)) return
  for (const [id, model] of Object.entries(models)) {
    if (isObject(model) && model["provider"] !== undefined) {
      faults.push(`${where}.models.${id}.provider: not supported; make a second provider for it`)
    }
    const headers = isObject(model) && isObject(model["headers"]) ? Object.keys(model["headers"]) : []
    for (const name of headers.filter((one) => CREDENTIAL_HEADERS.includes(one.toLowerCase()))) {
      faults.push(
        `${where}.models.${id}.headers.${name}: a credential does not belong here, where agents see it; it is the ` +
          "provider's key, or goes into options.headers",
      )
    }
  }
}

/** True for a JSON object: no array, not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
