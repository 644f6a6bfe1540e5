/** Who may use what a route asks for; everyone who is signed in where nothing is said. */
export interface Rule {
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
