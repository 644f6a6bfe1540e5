import { createHash } from "node:crypto"
import { newId, randomToken } from "../../crypto/index.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import { SCOPES, type Scope } from "../permissions.ts"
import type { Principal, SignInMethod } from "../types.ts"
import { lockUser } from "../users/store.ts"
import * as store from "./store.ts"

/** So that a leaked token is found by those who search for such things. */
const PREFIX = "berth_"
const TOKEN = /^berth_[A-Za-z0-9_-]{43}$/
const TOKENS_MAX = 50
const NOTE_USE_MS = 60_000

/** A token as its owner sees it, without the token. Times are milliseconds since the epoch. */
export interface TokenView {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly expiresAt: number
}

/** Tokens that people make for programs. */
export interface ApiTokens extends SignInMethod {
  list(principal: Principal): Promise<TokenView[]>
  /** The only time that the token itself is answered. @throws AppError `limit_reached`, `invalid_request` */
  create(
    principal: Principal,
    input: { name: string; scopes: readonly Scope[]; expiresAt: number },
  ): Promise<TokenView & { token: string }>
  /** @throws AppError `not_found` */
  delete(principal: Principal, id: string): Promise<void>
}

/** Tokens over the table `api_tokens`. */
export function createApiTokens(parts: { database: Database; clock: Clock }): ApiTokens {
  const { database, clock } = parts
  return {
    kind: "token",
    async authenticate(request) {
      const token = bearerOf(request.headers.authorization)
      if (token === null || !token.startsWith(PREFIX)) return null
      const now = clock.now()
      const found = TOKEN.test(token) ? await store.findActiveToken(database, hash(token), now) : null
      if (found === null) throw new AppError("unauthenticated", "The API token is unknown, expired or revoked.")
      if (now - (found.lastUsedAt?.getTime() ?? 0) >= NOTE_USE_MS) await store.noteTokenUse(database, found.id, now)
      const { userId, email, name, role, id } = found
      return {
        kind: "token",
        principal: { userId, email, name, role, method: "token", loginId: id },
        scopes: SCOPES.filter((scope) => found.scopes.includes(scope)),
        ambient: false,
      }
    },
    async stillValid(authentications) {
      const ids = authentications.map(({ principal }) => principal.loginId ?? "")
      const roles = await store.findActiveTokenIds(database, ids, clock.now())
      return authentications.map(({ principal }) => roles.get(principal.loginId ?? "") === principal.role)
    },
    list: async (principal) => (await store.listTokens(database, principal.userId)).map(viewOf),
    async create(principal, { name, scopes, expiresAt }) {
      const now = clock.now()
      if (expiresAt <= now) throw new AppError("invalid_request", "expiresAt is in the past.")
      const token = PREFIX + randomToken()
      const row: store.TokenRow = {
        id: newId("tok"),
        user_id: principal.userId,
        name,
        token_hash: hash(token),
        scopes: [...new Set(scopes)],
        created_at: new Date(now),
        last_used_at: null,
        expires_at: new Date(expiresAt),
      }
      await withTransaction(database, async (transaction) => {
        // So that two requests at the same time cannot both be the last one allowed.
        await lockUser(transaction, principal.userId)
        if ((await store.countTokens(transaction, principal.userId)) >= TOKENS_MAX) {
          throw new AppError(
            "limit_reached",
            `You have ${TOKENS_MAX} API tokens, which is the limit. Delete one first.`,
          )
        }
        await store.insertToken(transaction, row)
      })
      return { ...viewOf(row), token }
    },
    async delete(principal, id) {
      const count = await store.deleteToken(database, principal.userId, id)
      if (count === 0) throw new AppError("not_found", "There is no such API token.")
    },
  }
}

/** The value of `Authorization: Bearer …`, or null. */
export function bearerOf(header: string | undefined): string | null {
  return /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(header ?? "")?.[1] ?? null
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest()
}

function viewOf(row: store.TokenRow): TokenView {
  return {
    id: row.id,
    name: row.name,
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    createdAt: row.created_at.getTime(),
    lastUsedAt: row.last_used_at?.getTime() ?? null,
    expiresAt: row.expires_at.getTime(),
  }
}
