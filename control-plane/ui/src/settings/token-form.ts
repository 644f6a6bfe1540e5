import type { TokenView } from "../../../server/identity/api-tokens/index.ts"
import type { Me } from "../api/account.ts"

/** An API token, without the token. Times are milliseconds since the epoch. */
export type ApiToken = TokenView

interface Scope {
  readonly name: string
  readonly words: string
  readonly roles: "all" | "writers" | "administrators"
}

const ALL_SCOPES: readonly Scope[] = [
  { name: "sessions:read", words: "Read sessions and follow them", roles: "all" },
  { name: "sessions:write", words: "Make, change, stop and delete sessions, and write to agents", roles: "writers" },
  { name: "profile:read", words: "Read your name and settings", roles: "all" },
  { name: "profile:write", words: "Change your settings", roles: "all" },
  { name: "users:admin", words: "Administer users", roles: "administrators" },
  { name: "providers:admin", words: "Administer model providers", roles: "administrators" },
  { name: "encryption:admin", words: "Seal what is stored under the newest key", roles: "administrators" },
  {
    name: "audit:read",
    words: "Read and export the audit log, and read what models are used",
    roles: "administrators",
  },
]

/** What a token of this person's can be made for: never more than the person may do. */
export function scopesFor({ role }: Pick<Me, "role">): readonly Scope[] {
  return ALL_SCOPES.filter(
    ({ roles }) =>
      roles === "all" ||
      (roles === "writers" && role !== "readonly") ||
      (roles === "administrators" && role === "admin"),
  )
}

const DAY_MS = 86_400_000

/** How long a token may live, in days. */
export const LIFETIMES_DAYS = [7, 30, 90, 365] as const

/** The body of the request for a new token. @throws Error with what is missing, in words */
export function tokenRequest(values: FormData, now: number): { name: string; scopes: string[]; expiresAt: number } {
  const name = String(values.get("name")).trim()
  const scopes = values.getAll("scope").map(String)
  if (name === "") throw new Error("Give it a name, so that you know it again.")
  if (scopes.length === 0) throw new Error("Choose what it may do.")
  return { name, scopes, expiresAt: now + Number(values.get("days")) * DAY_MS }
}

/** Where a token stands with its time. `soon` is a week or less. */
export function expiryOf({ expiresAt }: Pick<ApiToken, "expiresAt">, now: number): "over" | "soon" | "later" {
  if (expiresAt <= now) return "over"
  return expiresAt - now <= 7 * DAY_MS ? "soon" : "later"
}
