import type { ConfigFile } from "../config/index.ts"
import type { Logger } from "../observability/index.ts"
import { type Clock, createThrottle } from "../time/index.ts"
import { claimAt, claimNames } from "./claims.ts"

type Mapping = ConfigFile["roleMapping"]
type Claims = Readonly<Record<string, unknown>>

/**
 * The role that somebody's claims give, or null to keep the one that an account has: when no mapping is configured, and
 * when the claim did not come at all, which says nothing about groups (Entra leaves it out beyond 200). The first role with
 * a matching group counts; without a match it is the default. A slash in front of a group (Keycloak's paths) does not count.
 */
export function roleOf(claims: Claims, mapping: Mapping): string | null {
  const roles = Object.entries(mapping.roles)
  const value = claimAt(claims, mapping.claim)
  if (roles.length === 0 || value === undefined) return null
  const groups = (Array.isArray(value) ? value : [value]).filter((group) => typeof group === "string").map(plain)
  const match = roles.find(([, wanted]) => wanted.some((group) => groups.includes(plain(group))))
  return match?.[0] ?? mapping.default
}

function plain(group: string): string {
  return group.replace(/^\//, "")
}

/** `roleOf`, with a log line when the claim of the mapping did not come. */
export function createRoleOf(parts: {
  mapping: Mapping
  log: Logger
  clock: Pick<Clock, "now">
}): (claims: Claims & { readonly sub: string }) => string | null {
  const { mapping, log, clock } = parts
  // A proxy's token comes with each request: whom it is about is told now and then.
  const mayTell = createThrottle(clock)
  return (claims) => {
    const isAbsent = Object.keys(mapping.roles).length > 0 && claimAt(claims, mapping.claim) === undefined
    if (isAbsent && mayTell()) {
      const hint = Object.hasOwn(claims, "_claim_names")
        ? "The person is in more groups than the provider puts into a token (Entra: 200). Have it send application roles or assigned groups only, and set roleMapping.claim."
        : "Have the provider send this claim, or set roleMapping.claim to the one that lists the groups (`a.b` for nested ones)."
      const told = { claim: mapping.claim, came: claimNames(claims), subject: claims.sub, hint }
      log.warn(told, "sign-in without the claim of roleMapping: the account keeps its role")
    }
    return roleOf(claims, mapping)
  }
}
