import { AppError } from "../errors/index.ts"
import type { Authentication } from "./types.ts"

interface Rule {
  /** Nobody needs to be signed in. */
  readonly open?: true
  readonly roles?: "all" | "writers" | "administrators"
  /** False: only a person at a browser, never an API token. */
  readonly token?: false
}

/**
 * Every permission that a route may name. Those that an API token may carry are its scopes.
 * Whether this principal may do it to this session is decided in sessions/permissions, after this.
 */
export const PERMISSIONS = {
  anyone: { open: true },
  /** One's own sign-ins, tokens and linked accounts. */
  account: { roles: "all", token: false },
  "profile:read": { roles: "all" },
  "profile:write": { roles: "all" },
  "sessions:read": { roles: "all" },
  "sessions:write": { roles: "writers" },
  "providers:admin": { roles: "administrators" },
  "users:admin": { roles: "administrators" },
  "audit:read": { roles: "administrators" },
} as const satisfies Record<string, Rule>

export type Permission = keyof typeof PERMISSIONS
export type Scope = Exclude<Permission, "anyone" | "account">

export const SCOPES = Object.keys(PERMISSIONS).filter((name): name is Scope => name !== "anyone" && name !== "account")

export const ADMINISTRATOR = "admin"
const READ_ONLY = "readonly"

/**
 * Whether somebody may use what asks for `permission`. Roles of an operator's own making are members.
 * @throws AppError `unauthenticated` without a sign-in, `forbidden` with one that does not reach
 */
export function authorize(permission: Permission, authentication: Authentication | null): void {
  const rule: Rule = PERMISSIONS[permission]
  if (rule.open) return
  if (authentication === null) throw new AppError("unauthenticated", "Sign in to do this.")
  const { principal, scopes } = authentication
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
