import { AppError } from "../../errors/index.ts"
import { isObject, type ProviderJson } from "./definition.ts"

/** What stands where a stored secret is, in every answer; sent back it keeps the stored value. */
const SECRET_PLACEHOLDER = "%%SECRET%%"

/** Secret values by their path (`options.apiKey`, `options.headers.<name>`). */
export type ProviderSecrets = Readonly<Record<string, string>>

/**
 * Takes the secrets out of a provider's JSON: the key, and the values of all headers (whether one is secret cannot be
 * told from its name). Placeholders are replaced by what `stored` has at the same path.
 * @throws AppError `invalid_request` for a placeholder where nothing is stored.
 */
export function takeSecrets(
  json: ProviderJson,
  stored: ProviderSecrets,
): { definition: ProviderJson; secrets: ProviderSecrets } {
  const options = isObject(json["options"]) ? json["options"] : null
  if (options === null) return { definition: json, secrets: {} }
  const secrets: Record<string, string> = {}
  const take = (path: string, value: unknown): unknown => {
    if (typeof value !== "string") return value
    const kept = Object.hasOwn(stored, path) ? stored[path] : undefined
    if (value === SECRET_PLACEHOLDER && kept === undefined) {
      throw new AppError(
        "invalid_request",
        `${path} is ${SECRET_PLACEHOLDER}, but nothing is stored there: give the value.`,
        {
          details: { field: path },
        },
      )
    }
    secrets[path] = value === SECRET_PLACEHOLDER ? (kept ?? "") : value
    return SECRET_PLACEHOLDER
  }
  const { apiKey, headers, ...rest } = options
  const hidden = {
    ...rest,
    ...(apiKey === undefined ? {} : { apiKey: take("options.apiKey", apiKey) }),
    ...(headers === undefined
      ? {}
      : {
          headers: isObject(headers)
            ? mapValues(headers, (name, value) => take(`options.headers.${name}`, value))
            : headers,
        }),
  }
  return { definition: { ...json, options: hidden }, secrets }
}

/** The provider's JSON with its secrets in place again. */
export function putSecrets(definition: ProviderJson, secrets: ProviderSecrets): ProviderJson {
  const options = isObject(definition["options"]) ? definition["options"] : null
  if (options === null) return definition
  const put = (path: string, value: unknown) =>
    value === SECRET_PLACEHOLDER && Object.hasOwn(secrets, path) ? secrets[path] : value
  const { headers } = options
  return {
    ...definition,
    options: {
      ...options,
      ...(options["apiKey"] === undefined ? {} : { apiKey: put("options.apiKey", options["apiKey"]) }),
      ...(isObject(headers)
        ? { headers: mapValues(headers, (name, value) => put(`options.headers.${name}`, value)) }
        : {}),
    },
  }
}

function mapValues(
  object: Record<string, unknown>,
  map: (name: string, value: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(name, value)]))
}
