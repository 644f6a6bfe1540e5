import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"

const SKEW_S = 60
/** For so long a token counts after it has expired. */
export const SKEW_MS = SKEW_S * 1_000
const KEYS_TIMEOUT_MS = 5_000
const KEYS_AGE_MS_MAX = 10 * 60_000
const KEYS_COOLDOWN_MS = 10_000

/** Signatures that need no secret of ours. What a token itself says about its algorithm only picks from these. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]

/** The claims of a token, if it is one that our proxy's issuer signed for us. */
export type VerifyToken = (token: string) => Promise<JWTPayload & { iss: string; sub: string; exp: number }>

export interface TokenTrust {
  readonly issuer: string
  readonly audience: string
  readonly jwksUri: string
}

/** Keys come from the configured address only: nothing that the token names is ever fetched. */
export function remoteKeys(jwksUri: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cacheMaxAge: KEYS_AGE_MS_MAX,
    cooldownDuration: KEYS_COOLDOWN_MS,
  })
}

/** @throws AppError `unauthenticated` for a token that is not right, `unavailable` when the keys cannot be had */
export function createVerifyToken(parts: { trust: TokenTrust; keys: JWTVerifyGetKey; clock: Clock }): VerifyToken {
  const { trust, keys, clock } = parts
  return async (token) => {
    const now = clock.now()
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: trust.issuer,
        audience: trust.audience,
        requiredClaims: ["iss", "sub", "aud", "exp"],
        clockTolerance: SKEW_S,
        currentDate: new Date(now),
      })
      const { iss, sub, iat, exp } = payload
      if (typeof iss !== "string" || typeof sub !== "string" || sub === "") throw new Error("no issuer or subject")
      if (exp === undefined) throw new Error("no expiry")
      if (iat !== undefined && iat * 1_000 > now + SKEW_MS) throw new Error("issued in the future")
      return { ...payload, iss, sub, exp }
    } catch (error) {
      throw refusal(error)
    }
  }
}

function refusal(error: unknown): AppError {
  const detail = error instanceof Error ? error.message : "no token"
  const notHad = error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError || isOurs(error))
  return notHad
    ? new AppError("unavailable", "Sign-ins cannot be checked at the moment. Try again shortly.", {
        cause: error,
        detail,
      })
    : new AppError("unauthenticated", "The authenticating proxy's token is not valid.", { cause: error, detail })
}

/** What is thrown above: an Error proper, while an unreachable key server is a TypeError of fetch. */
function isOurs(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error
}
