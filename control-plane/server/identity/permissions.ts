import { AppError } from "../errors/index.ts"
import { ADMINISTRATOR, type Authentication, READ_ONLY } from "./types.ts"

interface Rule {
  /** Nobody needs to be signed in. */
  readonly open?: true
  readonly roles?: "all" | "writers" | "administrators"
  /** False: only a person at a browser, never an API token. */
  readonly token?: false
  /** Also for a browser that has to change its password first. */
  readonly beforeChange?: true
}

/**
 * Every permission that a route may name. Those that an API token may carry are its scopes.
 * Whether this principal may do it to this session is decided in sessions/permissions, after this.
 */
export const PERMISSIONS = {
  anyone: { open: true },
  /** One's own sign-ins, tokens and linked accounts. */
  account: { roles: "all", token: false },
  /** Signing out, and changing one's password. */
  "own-sign-in": { roles: "all", token: false, beforeChange: true },
  "profile:read": { roles: "all", beforeChange: true },
  "profile:write": { roles: "all" },
  "sessions:read": { roles: "all" },
  "sessions:write": { roles: "writers" },
  "providers:admin": { roles: "administrators" },
  /** What a token with this scope may give is narrower than what an administrator may: see grants.ts. */
  "users:admin": { roles: "administrators" },
  /** Who sets somebody's password can sign in as them: not for API tokens. */
  "users:passwords": { roles: "administrators", token: false },
  /** Sealing all that is stored under another key. */
  "encryption:admin": { roles: "administrators" },
  "audit:read": { roles: "administrators" },
} as const satisfies Record<string, Rule>

export type Permission = keyof typeof PERMISSIONS
export type Scope = Exclude<Permission, "anyone" | "account" | "own-sign-in" | "users:passwords">

const RULES: Readonly<Record<Permission, Rule>> = PERMISSIONS
export const SCOPES = Object.keys(PERMISSIONS).filter((name): name is Scope => {
  const { open, token } = RULES[name as Permission]
  return open !== true && token !== false
})

/**
 * Whether somebody may use what asks for `permission`. Roles of an operator's own making are members.
 * @throws AppError `unauthenticated` without a sign-in, `forbidden` with one that does not reach,
 * `password_change_required` with one that is only good for that
 */
export function authorize(permission: Permission, authentication: Authentication | null): void {
  const rule = RULES[permission]
  if (rule.open) return
  if (authentication === null) throw new AppError("unauthenticated", "Sign in to do this.")
  const { principal, scopes } = authentication
  if (authentication.mustChangePassword && !rule.beforeChange) {
    throw new AppError("password_change_required", "Choose a password of your own first.")
  }
  const refused = (why: string) => new AppError("forbidden", why, { details: { permission } })
  if (principal.method === "token" && rule.token === false) {
    throw refused("An API token cannot do this: sign in with a browser.")
  }
  if (scopes !== null && !scopes.some((scope) => scope === permission)) {
    throw refused(`The API token lacks the scope ${permission}.`)
  }
  if (rule.roles === "administrators" && principal.role !== ADMINISTRATOR)
    throw refused("Only administrators may do this.")
  if (rule.roles === "writers" && principal.role === READ_ONLY) throw refused("Your account may read, not write.")
}
