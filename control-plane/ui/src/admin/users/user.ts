import type { UserView } from "../../../../server/identity/users/index.ts"

/** A person as administrators see them. Times are milliseconds since the epoch. */
export type User = UserView

/** The roles that mean something everywhere, with what they let one do. */
export const ROLES = [
  { name: "member", words: "Makes sessions and works in them." },
  { name: "readonly", words: "Watches public sessions, and writes nowhere." },
  { name: "admin", words: "Administers users, model providers and the audit log." },
] as const

/** How a role of the operator's own making is written. */
const ROLE_PATTERN = "[a-z][a-z0-9\\-]{0,62}"

/** Whether an account has its password here. */
export function isLocal(user: Pick<User, "issuer">): boolean {
  return user.issuer === "local"
}

/** Where somebody signs in, in a few words. */
export function issuerName({ issuer }: Pick<User, "issuer">): string {
  if (issuer === "local") return "Password"
  return URL.canParse(issuer) ? new URL(issuer).host : issuer
}

/** The role that a form's choice names: one of the list, or what was written beside `other`. @throws Error in words */
export function roleFrom(values: FormData): string {
  const chosen = String(values.get("role") ?? "")
  if (chosen !== "other") return chosen
  const own = String(values.get("own-role") ?? "").trim()
  if (!new RegExp(`^${ROLE_PATTERN}$`).test(own)) {
    throw new Error("A role has small letters, digits and hyphens, and begins with a letter.")
  }
  return own
}
