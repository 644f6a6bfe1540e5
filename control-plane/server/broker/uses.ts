import type { Audit, Outcome } from "../audit/types.ts"
import type { Clock } from "../time/index.ts"
import type { CallerSession } from "./identity/callers.ts"

// A turn makes dozens of model requests: the usage table counts them all, the audit log says that they happened.
const MODEL_AGAIN_AFTER_MS = 3_600_000
const REMEMBERED_MAX = 10_000

/** Tells the audit log which session used which stored credential for what. */
export interface Uses {
  /** One event an hour for each session and provider. */
  model(session: CallerSession, provider: string): void
  /** One event for each fetch or push, refused ones included. */
  git(
    session: CallerSession,
    outcome: Outcome,
    facts: { host: string; repository: string; service: string; as?: string },
  ): void
}

/** Remembers in this process when a model's use was last told. */
export function createUses(options: { audit: Audit; clock: Clock }): Uses {
  const { audit, clock } = options
  const lastUse = new Map<string, number>()
  const record = (
    session: CallerSession,
    action: string,
    outcome: Outcome,
    facts: Readonly<Record<string, unknown>>,
  ) => {
    const { owner } = session
    // Never rejects without a transaction: a failed write is logged by the audit itself.
    void audit.record({
      actorId: owner.id,
      actor: `session ${session.id}`,
      action,
      sessionId: session.id,
      outcome,
      facts,
    })
  }
  return {
    model(session, provider) {
      const key = `${session.id} ${provider}`
      if (clock.now() - (lastUse.get(key) ?? 0) < MODEL_AGAIN_AFTER_MS) return
      if (lastUse.size >= REMEMBERED_MAX) lastUse.clear()
      lastUse.set(key, clock.now())
      record(session, "credential.use", "ok", { kind: "model", provider })
    },
    git: (session, outcome, facts) => record(session, "credential.use", outcome, { kind: "git", ...facts }),
  }
}
