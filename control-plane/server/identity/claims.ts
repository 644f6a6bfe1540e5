type Claims = Readonly<Record<string, unknown>>

/**
 * The value at `path`: the claim of this name, or with dots the way into nested ones (`realm_access.roles`). Undefined
 * when there is none.
 */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Claims)[name]
  }
  return value
}

const NAMES_MAX = 40
const NAME_CHARACTERS_MAX = 60

/** The names of the claims that came, never their values: for a log line about one that did not. */
export function claimNames(claims: Claims): string {
  const names = Object.keys(claims).filter((name) => claims[name] !== undefined)
  const shown = names.slice(0, NAMES_MAX).map((name) => name.slice(0, NAME_CHARACTERS_MAX).replace(/\p{C}/gu, "?"))
  return names.length > NAMES_MAX ? `${shown.join(", ")}, …` : shown.join(", ")
}
