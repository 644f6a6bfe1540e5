import { hkdfSync } from "node:crypto"
import jwt from "jsonwebtoken"
import { newId, type Secret } from "../../crypto/index.ts"
import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import { cookieValues } from "../logins/cookie.ts"
import { markUsed } from "./transaction-store.ts"

/** What must be remembered between leaving for the provider and coming back. */
export interface Transaction {
  readonly providerId: string
  readonly state: string
  readonly nonce: string
  /** PKCE; null where it is switched off. */
  readonly verifier: string | null
  /** Where to go afterwards: checked before it was put in. */
  readonly returnTo: string
}

/** A transaction in its own cookie: signed, ten minutes, counts once. */
export interface Transactions {
  /** `Set-Cookie` that carries it. */
  begin(transaction: Transaction): string
  /**
   * The transaction that came back, now used up on every replica.
   * @throws AppError `unauthenticated` when there is none, or it is too old, changed or used
   */
  finish(cookieHeader: string | undefined): Promise<Transaction>
  /** `Set-Cookie` that removes it. */
  clear(): string
}

const LIFE_S = 600
const CLAIMS = { issuer: "berth", audience: "sign-in" } as const

/** Transactions under a key that is derived from the cookie secret. */
export function createTransactions(parts: {
  database: Database
  clock: Clock
  cookieSecret: Secret
  tls: boolean
}): Transactions {
  const { database, clock, tls } = parts
  // A key of its own: what is signed here can never pass for anything else that the same secret protects.
  const key = Buffer.from(hkdfSync("sha256", parts.cookieSecret.reveal(), "", "berth sign-in transaction v1", 32))
  const name = tls ? "__Host-berth-sign-in" : "berth-local-sign-in"
  // Lax: the way back is a navigation from the provider's site.
  const attributes = `Path=/; HttpOnly; SameSite=Lax${tls ? "; Secure" : ""}`

  return {
    begin(transaction) {
      const issuedAt_s = Math.floor(clock.now() / 1_000)
      const token = jwt.sign({ ...transaction, iat: issuedAt_s }, key, {
        ...CLAIMS,
        algorithm: "HS256",
        jwtid: newId("req"),
        expiresIn: LIFE_S,
      })
      return `${name}=${token}; ${attributes}; Max-Age=${LIFE_S}`
    },
    async finish(cookieHeader) {
      const values = cookieValues(cookieHeader, name)
      const [token] = values
      if (values.length !== 1 || token === undefined) throw stale("no transaction cookie")
      const { jti, exp, ...transaction } = open(token, key, clock)
      const fresh = await markUsed(database, jti, exp * 1_000, clock.now() - LIFE_S * 1_000)
      if (!fresh) throw stale("the transaction has been used before")
      return transaction
    },
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
  }
}

function open(token: string, key: Buffer, clock: Clock): Transaction & { jti: string; exp: number } {
  try {
    const clockTimestamp = Math.floor(clock.now() / 1_000)
    const options = {
      ...CLAIMS,
      algorithms: ["HS256" as const],
      maxAge: LIFE_S,
      clockTimestamp,
      complete: false as const,
    }
    const claims = jwt.verify(token, key, options) as jwt.JwtPayload & Transaction
    const { providerId, state, nonce, verifier, returnTo, jti, exp } = claims
    if (jti === undefined || exp === undefined) throw new Error("no jti or exp")
    return { providerId, state, nonce, verifier, returnTo, jti, exp }
  } catch (error) {
    throw stale(error instanceof Error ? error.message : "not a token")
  }
}

/** An answer to a question that this browser did not ask, or asked long ago, or that was answered before. */
export class StaleTransaction extends AppError {
  constructor(detail: string) {
    super("unauthenticated", "This sign-in was not begun in this browser, or more than ten minutes ago. Try again.", {
      detail,
    })
  }
}

function stale(detail: string): AppError {
  return new StaleTransaction(detail)
}
