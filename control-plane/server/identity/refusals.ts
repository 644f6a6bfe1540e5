import { limitKeyOf } from "../addresses/index.ts"
import type { Audit } from "../audit/types.ts"
import { AppError, isAppError } from "../errors/index.ts"
import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import type { ProofKind, Visitor } from "./types.ts"

/** One entry for so long for each way in and address: whoever tries a thousand keys must not fill the record. */
const QUIET_MS = 60_000
const ADDRESSES_MAX = 10_000

/** What the operator looks at when proofs of a kind are refused that should not be. */
const HINTS: Readonly<Record<ProofKind, string>> = {
  login: "The sign-in has ended.",
  token: "The token was deleted, has expired, or its user is disabled; many rejections are an attack.",
  key: "Compare the key with the Secret of apiKeys.existingSecret, and its expiry; many rejections are an attack.",
  header: "Compare headerAuth.trust.jwt (issuer, audience, jwksUri) with what the proxy's token says; see the error.",
}

/** Proofs that were shown and did not hold: tokens, keys, a proxy's headers. */
export interface Refusals {
  /** Logs and records it, unless the same way in was tried from the same address a moment ago. Never rejects. */
  note(kind: ProofKind, error: unknown, visitor: Visitor): Promise<void>
}

/** Refusals of this process. */
export function createRefusals(parts: { audit: Audit; log: Logger; clock: Clock }): Refusals {
  const { audit, log, clock } = parts
  const seen = new Map<string, { at: number; more: number }>()
  return {
    async note(kind, error, { address, requestId }) {
      if (!(error instanceof AppError)) return
      const now = clock.now()
      const key = `${kind} ${limitKeyOf(address)}`
      const last = seen.get(key)
      if (last !== undefined && now - last.at < QUIET_MS) {
        last.more += 1
        return
      }
      if (seen.size >= ADDRESSES_MAX) seen.clear()
      seen.set(key, { at: now, more: 0 })
      const before = last?.more ?? 0
      log.warn({ err: error, method: kind, hint: HINTS[kind], address, requestId, before }, "a proof was refused")
      const outcome = isAppError(error, "unavailable") ? "failed" : "refused"
      const facts = { method: kind, why: error.detail ?? error.message, before }
      const event = { actorId: null, actor: "anonymous", action: "login.create", requestId, address } as const
      await audit.record({ ...event, outcome, facts })
    },
  }
}
