import { AppError } from "../errors/index.ts"
import { ADMINISTRATOR, type Principal, READ_ONLY } from "../identity/types.ts"
import type { SessionRecord } from "./types.ts"

/**
 * How far a principal's rights to one session reach; each level includes those before it.
 * `exists`: sees that there is one, of whom and in what state. `read`: transcript, events, diff. `own`: everything.
 */
export type Access = "none" | "exists" | "read" | "own"

const LEVELS: readonly Access[] = ["none", "exists", "read", "own"]

type Subject = Pick<Principal, "userId" | "role">
type Protected = Pick<SessionRecord, "ownerId" | "visibility">

/** The one decision about sessions. Everything else asks it. */
export function accessTo(session: Protected, principal: Subject): Access {
  if (session.ownerId === principal.userId) return "own"
  if (session.visibility === "public") return "read"
  return principal.role === ADMINISTRATOR ? "exists" : "none"
}

/** What the caller may do, for the session's own page. Writing needs a role that may write. */
export function mayDo(session: Protected, principal: Subject): { write: boolean; manage: boolean; readFiles: boolean } {
  const own = accessTo(session, principal) === "own"
  const writer = principal.role !== READ_ONLY
  return { write: own && writer, manage: own && writer, readFiles: own }
}

/**
 * Returns when the principal's access reaches `needed`.
 * @throws AppError `not_found` when even the existence is private, `forbidden` otherwise
 */
export function requireAccess(
  session: Protected | null,
  principal: Subject,
  needed: "exists" | "read" | "own" | "write",
): void {
  const access = session === null ? "none" : accessTo(session, principal)
  if (access === "none") throw new AppError("not_found", "There is no such session.")
  const level = needed === "write" ? "own" : needed
  if (LEVELS.indexOf(access) < LEVELS.indexOf(level)) {
    throw new AppError("forbidden", level === "read" ? "This session is private." : "Only its owner may do this.")
  }
  if (needed === "write" && principal.role === READ_ONLY) {
    throw new AppError("forbidden", "Your account may read, not write.")
  }
}

/**
 * The same decision as a condition on rows, for lists: a principal finds its own sessions, everybody's public ones, and
 * (`everyExistence`) that the others exist.
 */
export function visibleTo(principal: Subject): { own: string; everyExistence: boolean } {
  return { own: principal.userId, everyExistence: principal.role === ADMINISTRATOR }
}
