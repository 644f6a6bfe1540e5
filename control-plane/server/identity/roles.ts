import type { ConfigFile } from "../config/index.ts"

type Mapping = ConfigFile["roleMapping"]

/**
 * The role that somebody's claims give, or null when no mapping is configured: then an account keeps the role that an
 * administrator gave it. The first role with a matching group counts; without a match it is the default.
 */
export function roleOf(claims: Readonly<Record<string, unknown>>, mapping: Mapping): string | null {
  const roles = Object.entries(mapping.roles)
  if (roles.length === 0) return null
  const value = claims[mapping.claim]
  const groups = (Array.isArray(value) ? value : [value]).filter((group) => typeof group === "string")
  const match = roles.find(([, wanted]) => wanted.some((group) => groups.includes(group)))
  return match?.[0] ?? mapping.default
}
