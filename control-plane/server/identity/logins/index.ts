import { createHash } from "node:crypto"
import { newId, randomToken } from "../../crypto/index.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Authentication, LoginView, NewLogin, Principal, SignInMethod, Visitor } from "../types.ts"
import { lockUser, noteSignIn } from "../users/store.ts"
import type { LoginCookie } from "./cookie.ts"
import {
  type ActiveLogin,
  deleteExpired,
  deleteLogins,
  findActive,
  findActiveIds,
  insertLogin,
  listLogins,
  replaceToken,
  touch,
} from "./store.ts"

const IDLE_MS = 7 * 24 * 3_600_000
const ABSOLUTE_MS = 30 * 24 * 3_600_000
/** The time of last use is written at most this often: reading a page must not be a write. */
const TOUCH_MS = 5 * 60_000
const USER_AGENT_CHARACTERS_MAX = 300
const CHANGED_MEANWHILE = "changed meanwhile"

/** What a login is made with beyond who and from where. */
export interface LoginOptions {
  readonly method: "password" | "oidc"
  /** Whether what was proven a moment ago still is so; asked while nobody else can change the account. */
  readonly stillProven: (transaction: Database) => Promise<boolean>
  /** The login that this browser had; it ends, so that a planted cookie is worth nothing. */
  readonly previousToken: string | null
  /** Good for nothing but replacing the password. */
  readonly mustChangePassword?: boolean
  /** Shorter than the usual absolute expiry, where nobody can be asked whether the sign-in still holds. */
  readonly life_ms?: number
  /** Stored with the login; gets its id, which the sealing is bound to. */
  readonly provider?: { seal(loginId: string): Buffer; readonly checkAt: number | null }
}

/** Signed-in browsers: made at sign-in, shown to their owner, gone when revoked or expired. */
export interface Logins extends SignInMethod {
  /** @throws AppError `unauthenticated` with the detail `changed meanwhile` when it is not proven any more */
  start(user: { id: string }, visitor: Visitor, options: LoginOptions): Promise<NewLogin>
  list(principal: Principal): Promise<LoginView[]>
  /** @throws AppError `not_found` */
  revoke(principal: Principal, id: string): Promise<void>
  /** Ends all but the one in use. Answers how many. */
  revokeOthers(principal: Principal): Promise<number>
}

/** Logins over the table `logins`. */
export function createLogins(parts: {
  database: Database
  clock: Clock
  cookie: LoginCookie
  /** Asked about logins whose provider is to be asked again; false: it is over. */
  keepInStep?: (login: ActiveLogin) => Promise<boolean>
}): Logins {
  const { database, clock, cookie } = parts
  const isOver = async (login: ActiveLogin) =>
    login.checkAt !== null && login.checkAt <= clock.now() && (await parts.keepInStep?.(login)) === false

  return {
    kind: "login",
    start: (user, visitor, options) => startLogin(database, clock.now(), user, visitor, options),
    async authenticate(request) {
      const token = cookie.read(request.headers.cookie)
      if (token === null) return null
      const now = clock.now()
      const login = await findActive(database, hash(token), now)
      if (login === null || (await isOver(login))) return null
      if (now - login.lastSeenAt >= TOUCH_MS) await touch(database, login.id, now, now + IDLE_MS)
      return authenticationOf(login)
    },
    async stillValid(authentications) {
      const ids = authentications.map(({ principal }) => principal.loginId ?? "")
      const logins = await findActiveIds(database, ids, clock.now())
      // Not awaited: a provider that takes its time must not keep the others' streams open. When it says that a login is
      // over, that is gone, and found so the next time.
      for (const login of logins.values()) void isOver(login).catch(() => undefined)
      return authentications.map(({ principal }) => {
        const login = logins.get(principal.loginId ?? "")
        // A change of role ends streams too: what they may show was decided with the old one.
        return login !== undefined && login.role === principal.role
      })
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

async function startLogin(
  database: Database,
  now: number,
  user: { id: string },
  visitor: Visitor,
  options: LoginOptions,
): Promise<NewLogin> {
  const token = randomToken()
  const id = newId("lgn")
  const expiresAt = now + Math.min(options.life_ms ?? ABSOLUTE_MS, ABSOLUTE_MS)
  const { provider } = options
  await withTransaction(database, async (transaction) => {
    // Whoever ends a user's sign-ins holds this row too: he finds this one, or it finds what he has changed.
    await lockUser(transaction, user.id)
    if (!(await options.stillProven(transaction))) {
      throw new AppError("unauthenticated", "Your account has just been changed. Sign in again.", {
        detail: CHANGED_MEANWHILE,
      })
    }
    if (options.previousToken !== null) await deleteLogins(transaction, { tokenHash: hash(options.previousToken) })
    await deleteExpired(transaction, now)
    await insertLogin(transaction, {
      id,
      user_id: user.id,
      token_hash: hash(token),
      method: options.method,
      user_agent: visitor.userAgent.slice(0, USER_AGENT_CHARACTERS_MAX),
      address: visitor.address,
      created_at: new Date(now),
      last_seen_at: new Date(now),
      idle_expires_at: new Date(Math.min(now + IDLE_MS, expiresAt)),
      expires_at: new Date(expiresAt),
      provider_sealed: provider?.seal(id) ?? null,
      provider_check_at: provider?.checkAt == null ? null : new Date(provider.checkAt),
      must_change_password: options.mustChangePassword ?? false,
    })
    await noteSignIn(transaction, user.id, now)
  })
  return { id, token, expiresAt }
}

/**
 * Gives a login another token, as after a change of what it was made with; the former one is worth nothing then.
 * Null when the login is gone. `expiresAt` is milliseconds since the epoch.
 */
export async function renewLogin(database: Database, id: string): Promise<{ token: string; expiresAt: number } | null> {
  const token = randomToken()
  const row = await replaceToken(database, id, hash(token))
  return row === null ? null : { token, expiresAt: row.expires_at.getTime() }
}

function authenticationOf(login: ActiveLogin): Authentication {
  const { userId, email, name, role, id, mustChangePassword } = login
  const method = login.method === "oidc" ? "oidc" : "password"
  const principal = { userId, email, name, role, method, loginId: id } as const
  return { kind: "login", principal, scopes: null, ambient: true, mustChangePassword }
}

/** The token has 256 random bits, so that a fast hash without salt is enough. */
function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest()
}
