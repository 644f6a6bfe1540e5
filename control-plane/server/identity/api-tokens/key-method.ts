import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import type { SignInMethod } from "../types.ts"
import { upsertUser, usersInForce } from "../users/store.ts"
import { bearerOf } from "./index.ts"
import { hashKey, type StaticKey } from "./static-keys.ts"

const ISSUER = "api-keys"

/** Keys of the operator's Secret, in `X-API-Key` or as a bearer. Each stands for a user that is made on first use. */
export function createKeyMethod(parts: { database: Database; clock: Clock; keys: readonly StaticKey[] }): SignInMethod {
  const { database, clock } = parts
  // Looked up by a hash of 256 bits: how far a comparison got says nothing about the key.
  const byHash = new Map(parts.keys.map((key) => [key.hash, key]))
  const inForce = (key: StaticKey | undefined): key is StaticKey =>
    key !== undefined && (key.expiresAt === null || key.expiresAt > clock.now())

  return {
    kind: "key",
    async authenticate(request) {
      const header = request.headers["x-api-key"]
      const given = typeof header === "string" ? header : bearerOf(request.headers.authorization)
      if (given === null) return null
      const key = byHash.get(hashKey(given))
      if (!inForce(key)) {
        // Another bearer may be somebody else's business; this header is only ours.
        if (header === undefined) return null
        throw new AppError("unauthenticated", "The API key is unknown or expired.")
      }
      const user = await upsertUser(database, {
        issuer: ISSUER,
        subject: key.user,
        email: key.user,
        name: key.user,
        role: key.role,
      })
      if (user.disabledAt !== null) throw new AppError("unauthenticated", "The API key's user is disabled.")
      const { id: userId, email, name, role } = user
      return {
        kind: "key",
        principal: { userId, email, name, role, method: "token", loginId: `key_${key.hash.slice(0, 20)}` },
        scopes: key.scopes,
        ambient: false,
        expiresAt: key.expiresAt,
      }
    },
    async stillValid(authentications) {
      const roles = await usersInForce(
        database,
        authentications.map(({ principal }) => principal.userId),
      )
      return authentications.map(({ principal }) => roles.get(principal.userId) === principal.role)
    },
  }
}
