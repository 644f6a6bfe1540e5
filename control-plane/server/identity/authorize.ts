import { AppError } from "../errors/index.ts"
import { PERMISSIONS, type Permission, type Rule } from "./permissions.ts"
import { ADMINISTRATOR, type Authentication, READ_ONLY } from "./types.ts"

/**
 * Checks that a request may use what asks for `permission`. Roles of an operator's own making are members.
 * @throws AppError `unauthenticated` without a sign-in, `forbidden` with one that does not reach,
 * `password_change_required` with one that is only good for that
 */
export function authorize(permission: Permission, authentication: Authentication | null): void {
  const rule: Rule = PERMISSIONS[permission]
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
