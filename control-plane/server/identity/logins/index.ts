import { createHash } from "node:crypto"
import { newId, randomToken } from "../../crypto/index.ts"
import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Principal } from "../../sessions/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Authentication, LoginView, NewLogin, Visitor } from "../types.ts"
import { noteSignIn } from "../users/store.ts"
import type { LoginCookie } from "./cookie.ts"
import { deleteExpired, deleteLogins, findActive, findActiveIds, insertLogin, listLogins, touch } from "./store.ts"

export const IDLE_MS = 7 * 24 * 3_600_000
export const ABSOLUTE_MS = 30 * 24 * 3_600_000
/** The time of last use is written at most this often: reading a page must not be a write. */
const TOUCH_MS = 5 * 60_000
const USER_AGENT_CHARACTERS_MAX = 300

/** Signed-in browsers: made at sign-in, shown to their owner, gone when revoked or expired. */
export interface Logins {
  /** A new login; the one that `previousToken` names ends, so that a planted cookie is worth nothing. */
  start(
    user: { id: string },
    method: Principal["method"],
    visitor: Visitor,
    previousToken: string | null,
  ): Promise<NewLogin>
  authenticate(cookieHeader: string | undefined): Promise<Authentication | null>
  stillValid(authentications: readonly Authentication[]): Promise<readonly boolean[]>
  list(principal: Principal): Promise<LoginView[]>
  /** @throws AppError `not_found` */
  revoke(principal: Principal, id: string): Promise<void>
  /** Ends all but the one in use. Answers how many. */
  revokeOthers(principal: Principal): Promise<number>
}

export function createLogins(parts: { database: Database; clock: Clock; cookie: LoginCookie }): Logins {
  const { database, clock, cookie } = parts

  async function start(...[user, method, visitor, previousToken]: Parameters<Logins["start"]>): Promise<NewLogin> {
    const token = randomToken()
    const now = clock.now()
    const id = newId("lgn")
    await database.transaction(async (transaction) => {
      if (previousToken !== null) await deleteLogins(transaction, { tokenHash: hash(previousToken) })
      await deleteExpired(transaction, now)
      await insertLogin(transaction, {
        id,
        user_id: user.id,
        token_hash: hash(token),
        method,
        user_agent: visitor.userAgent.slice(0, USER_AGENT_CHARACTERS_MAX),
        address: visitor.address,
        created_at: new Date(now),
        last_seen_at: new Date(now),
        idle_expires_at: new Date(now + IDLE_MS),
        expires_at: new Date(now + ABSOLUTE_MS),
      })
      await noteSignIn(transaction, user.id, now)
    })
    return { id, token, expiresAt: now + ABSOLUTE_MS }
  }

  async function authenticate(cookieHeader: string | undefined): Promise<Authentication | null> {
    const token = cookie.read(cookieHeader)
    if (token === null) return null
    const now = clock.now()
    const login = await findActive(database, hash(token), now)
    if (login === null) return null
    if (now - login.lastSeenAt >= TOUCH_MS) await touch(database, login.id, now, now + IDLE_MS)
    const { userId, email, name, role } = login
    const method = login.method === "oidc" ? "oidc" : "password"
    return { principal: { userId, email, name, role, method, loginId: login.id }, scopes: null, ambient: true }
  }

  return {
    start,
    authenticate,
    async stillValid(authentications) {
      const ids = authentications.map(({ principal }) => principal.loginId ?? "")
      const roles = await findActiveIds(database, ids, clock.now())
      // A change of role ends streams too: what they may show was decided with the old one.
      return authentications.map(({ principal }) => roles.get(principal.loginId ?? "") === principal.role)
    },
    async list(principal) {
      const rows = await listLogins(database, principal.userId, clock.now())
      return rows.map((row) => ({
        id: row.id,
        method: row.method,
        userAgent: row.user_agent,
        address: row.address,
        createdAt: row.created_at.getTime(),
        lastSeenAt: row.last_seen_at.getTime(),
        current: row.id === principal.loginId,
      }))
    },
    async revoke(principal, id) {
      const count = await deleteLogins(database, { userId: principal.userId, id })
      if (count === 0) throw new AppError("not_found", "There is no such sign-in.")
    },
    revokeOthers: (principal) => deleteLogins(database, { userId: principal.userId, except: principal.loginId }),
  }
}

/** The token has 256 random bits, so that a fast hash without salt is enough. */
function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest()
}
