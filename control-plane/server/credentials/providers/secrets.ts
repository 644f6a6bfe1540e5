import { AppError } from "../../errors/index.ts"
import { isObject, type ProviderJson } from "./definition.ts"
import { SECRET_PLACEHOLDER } from "./leaks.ts"

// Whatever the package: one that a kind does not know is refused, and until then it is a secret all the same.
const TEXTS = ["apiKey", "authToken"]
const MAPS = ["headers", "queryParams"]

/** Secret values by their path (`options.apiKey`, `options.headers.<name>`). */
export type ProviderSecrets = Readonly<Record<string, string>>

/**
 * Takes the secrets out of a provider's JSON: the key, and the values of all headers and query parameters (whether one
 * is secret cannot be told from its name). Placeholders are replaced by what `stored` has at the same path.
 * @throws AppError `invalid_request` for a placeholder where nothing is stored.
 */
export function takeSecrets(
  json: ProviderJson,
  stored: ProviderSecrets,
): { definition: ProviderJson; secrets: ProviderSecrets } {
  const secrets: Record<string, string> = {}
  const definition = mapSecrets(json, (path, value) => {
    const kept = Object.hasOwn(stored, path) ? stored[path] : undefined
    if (value === SECRET_PLACEHOLDER && kept === undefined) {
      throw new AppError(
        "invalid_request",
        `${path} is ${SECRET_PLACEHOLDER}, but nothing is stored there: give the value.`,
        { details: { field: path } },
      )
    }
    secrets[path] = value === SECRET_PLACEHOLDER ? (kept ?? "") : value
    return SECRET_PLACEHOLDER
  })
  return { definition, secrets }
}

/** As {@link takeSecrets} for what is stored already: a placeholder stays one. `found` are the paths of texts in clear. */
export function sealPlain(
  json: ProviderJson,
  sealed: ProviderSecrets,
): { definition: ProviderJson; secrets: ProviderSecrets; found: readonly string[] } {
  const secrets: Record<string, string> = { ...sealed }
  const found: string[] = []
  const definition = mapSecrets(json, (path, value) => {
    if (value === SECRET_PLACEHOLDER) return value
    found.push(path)
    secrets[path] = value
    return SECRET_PLACEHOLDER
  })
  return { definition, secrets, found }
}

/** True for an option whose text, or whose texts, are secret. */
export function isSealed(option: string): boolean {
  return TEXTS.includes(option) || MAPS.includes(option)
}

/** The provider's JSON with its secrets in place again. */
export function putSecrets(definition: ProviderJson, secrets: ProviderSecrets): ProviderJson {
  return mapSecrets(definition, (path, value) =>
    value === SECRET_PLACEHOLDER && Object.hasOwn(secrets, path) ? (secrets[path] ?? "") : value,
  )
}

/** The same JSON with every text at a place for secrets replaced. */
function mapSecrets(json: ProviderJson, map: (path: string, value: string) => string): ProviderJson {
  if (!isObject(json["options"])) return json
  const options = mapValues(json["options"], (name, value) => {
    const path = `options.${name}`
    if (TEXTS.includes(name)) return typeof value === "string" ? map(path, value) : value
    if (!MAPS.includes(name) || !isObject(value)) return value
    return mapValues(value, (key, text) => (typeof text === "string" ? map(`${path}.${key}`, text) : text))
  })
  return { ...json, options }
}

function mapValues(
  object: Record<string, unknown>,
  map: (name: string, value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]))
}
