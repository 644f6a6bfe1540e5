import { isStorable } from "../../database/index.ts"
import { isObject } from "./json.ts"

/** What stands where a stored secret is, in every answer; sent back it keeps the stored value. */
export const SECRET_PLACEHOLDER = "%%SECRET%%"

// How vendors begin their keys, and a token of an identity provider. Names of models (`pplx-70b-online`) are shorter.
const KEY_BEGINS = [
  /(^|[^A-Za-z0-9])sk-[\w-]{4}/,
  /(^|[^A-Za-z0-9])(rk|pk|gsk|xai|pplx|nvapi|csk|glpat|xox[abeoprs])[-_]\w{20}/,
  /(^|[^A-Za-z0-9])(gh[opsur]|github_pat|hf|fw|r8|tgp_v1)_\w{16}/,
  /(^|[^A-Za-z0-9])(AIza[\w-]{20}|ya29\.|(AKIA|ASIA|ABSK)[A-Z0-9]{8}|eyJ[\w-]{8,}\.)/,
]
const SCHEME = /^\s*(bearer\s+\S{4,}|basic\s+(?=\S*[0-9=])[A-Za-z0-9+/]{8,}={0,2})\s*$/i
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
const USER_INFO = /:\/\/[^/?#\s]*:[^/?#\s]*@/
// Longer than any name, date or version in an id of a model: letters and digits in one piece.
const OPAQUE = /[A-Za-z0-9]{32,}/g

const CREDENTIAL_WORDS =
  /^(token|secret|password|passwd|passphrase|pwd|credentials?|authorization|auth|bearer|cookie|apikeys?|authtoken)$/
const CREDENTIAL_NAMES =
  /(api|access|auth|private|secret|subscription|functions|master|virtual)keys?$|(access|auth|api|refresh|session|bearer)token$|secret$|password$/

/** True when a value has the shape of a key or token, wherever it stands. */
export function hasKeyShape(text: string): boolean {
  return (
    KEY_BEGINS.some((shape) => shape.test(text)) || SCHEME.test(text) || PRIVATE_KEY.test(text) || USER_INFO.test(text)
  )
}

function isOpaque(text: string): boolean {
  return (text.match(OPAQUE) ?? []).some((run) => /[A-Za-z]/.test(run) && /\d/.test(run))
}

/** True for the name of something that authenticates: `apiKey`, `X-Team-Token`, `client_secret`; not `maxTokens`, `promptCacheKey`. */
export function isCredentialName(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
  const joined = words.join("")
  const isKey = /^keys?$/.test(words.at(-1) ?? "") && !words.includes("cache")
  return isKey || words.some((word) => CREDENTIAL_WORDS.test(word)) || CREDENTIAL_NAMES.test(joined)
}

/** A place in a JSON value, as keys and list indexes. */
export type Place = readonly string[]

/**
 * Where in a value something stands that looks like a credential, by its name or by its own shape: the last net before
 * anything is stored, answered or given to an agent.
 */
export function leaksIn(value: unknown, place: Place = [], named = false): Place[] {
  if (typeof value === "string") {
    if (value === "" || value === SECRET_PLACEHOLDER) return []
    return named || hasKeyShape(value) || isOpaque(value) ? [place] : []
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => leaksIn(item, [...place, String(index)], named))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, item]) => {
    if (hasKeyShape(name) || isOpaque(name)) return [[...place, name]]
    return leaksIn(item, [...place, name], named || isCredentialName(name))
  })
}

/** The value with a placeholder where something looks like a credential. */
export function mask(value: unknown, named = false): unknown {
  if (typeof value === "string") return leaksIn(value, [], named).length > 0 ? SECRET_PLACEHOLDER : value
  if (Array.isArray(value)) return value.map((item) => mask(item, named))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      const shown = hasKeyShape(name) || isOpaque(name) ? SECRET_PLACEHOLDER : name
      return [shown, mask(item, named || isCredentialName(name))]
    }),
  )
}

/** `{env:NAME}` and `{file:/path}` in any text or key: OpenCode's own configuration replaces them, this one does not. */
export function substitutionsIn(value: unknown): Place[] {
  return placesOf(value, (text) => /\{(env|file):/i.test(text))
}

/** Texts and keys that PostgreSQL does not store. */
export function unstorableIn(value: unknown): Place[] {
  return placesOf(value, (text) => !isStorable(text))
}

function placesOf(value: unknown, matches: (text: string) => boolean, place: Place = []): Place[] {
  if (typeof value === "string") return matches(value) ? [place] : []
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, matches, [...place, String(index)]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, item]) => [
    ...placesOf(name, matches, place),
    ...placesOf(item, matches, [...place, name]),
  ])
}
