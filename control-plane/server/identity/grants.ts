import { AppError } from "../errors/index.ts"
import { ADMINISTRATOR, type Principal, READ_ONLY } from "./types.ts"

/** What an API token may make of somebody: roles that administer nothing and bring no environment file of their own. */
const ROLES_BY_TOKEN: readonly string[] = ["member", READ_ONLY]

/**
 * Checks that this caller may give `role` to somebody. A token is narrower than its owner, so it must not make an account
 * that is wider than the token: whoever finds it would be an administrator.
 * @throws AppError `forbidden`
 */
export function requireMayGiveRole(by: Principal, role: string): void {
  if (by.method !== "token" || ROLES_BY_TOKEN.includes(role)) return
  throw new AppError(
    "forbidden",
    `An API token can give the roles ${ROLES_BY_TOKEN.join(" and ")} only. Sign in with a browser to give the role ${role}.`,
    { details: { field: "body.role" } },
  )
}

/** Checks that this caller may set, or be shown, somebody's password. @throws AppError `forbidden` */
export function requireMayGivePassword(by: Principal): void {
  if (by.method !== "token") return
  throw new AppError(
    "forbidden",
    "An API token cannot set a password. Leave it out, and set it in a browser: Administration, Users.",
    { details: { field: "body.password" } },
  )
}

/**
 * Checks that this caller may let a disabled account in again: that gives its role back.
 * @throws AppError `forbidden`
 */
export function requireMayEnable(by: Principal, role: string): void {
  if (role !== ADMINISTRATOR || by.method !== "token") return
  throw new AppError("forbidden", "An API token cannot enable an administrator. Sign in with a browser to do this.", {
    details: { field: "body.disabled" },
  })
}
