import type { Audit, Outcome } from "../audit/types.ts"
import type { Clock } from "../time/index.ts"
import type { CallerSession } from "./identity/callers.ts"
import { createRepeats } from "./repeats.ts"

// A turn makes dozens of model requests: the usage table counts them all, the audit log says that they happened.
const MODEL_AGAIN_AFTER_MS = 3_600_000
const REMEMBERED_MAX = 10_000
/** Fetches and pushes that work are told one by one, unless it is a loop that does them. */
const WORKED = { each_max: 20, kinds_max: 200, window_ms_max: 3_600_000 }
const REFUSED = { each_max: 1, kinds_max: 20, window_ms_max: 3_600_000 }
const REPOSITORY_CHARACTERS_MAX = 500

/** Tells the audit log which session used which stored credential for what. */
export interface Uses {
  /** One event an hour for each session and provider. */
  model(session: CallerSession, provider: string): void
  /**
   * One event for each fetch or push that went through, and for the first that did not; what goes on and on is told by
   * its number (`more`), a minute later and then ever more rarely.
   */
  git(session: CallerSession, outcome: Outcome, facts: GitFacts): void
  /** Tells the numbers that are still to be told. */
  close(): Promise<void>
}

interface GitFacts {
  readonly host: string
  readonly repository: string
  readonly service: string
  readonly as?: string
}

interface GitUse {
  readonly session: CallerSession
  readonly outcome: Outcome
  readonly facts: Partial<GitFacts> & { readonly others?: true }
}

/** Remembers in this process what was told last. */
export function createUses({ audit, clock }: { audit: Audit; clock: Clock }): Uses {
  const lastUse = new Map<string, number>()
  // Never rejects without a transaction: a failed write is logged by the audit itself.
  const record = ({ owner, id }: CallerSession, outcome: Outcome, facts: Readonly<Record<string, unknown>>) =>
    audit.record({
      actorId: owner.id,
      actor: `session ${id}`,
      action: "credential.use",
      sessionId: id,
      outcome,
      facts,
    })
  const tell = ({ session, outcome, facts }: GitUse, more: number) =>
    record(session, outcome, { kind: "git", ...facts, ...(more > 0 ? { more } : {}) })
  const git = {
    ok: createRepeats<GitUse>({ clock, tell, ...WORKED }),
    refused: createRepeats<GitUse>({ clock, tell, ...REFUSED }),
    failed: createRepeats<GitUse>({ clock, tell, ...REFUSED }),
  }
  return {
    model(session, provider) {
      const key = `${session.id} ${provider}`
      if (clock.now() - (lastUse.get(key) ?? 0) < MODEL_AGAIN_AFTER_MS) return
      if (lastUse.size >= REMEMBERED_MAX) lastUse.clear()
      lastUse.set(key, clock.now())
      void record(session, "ok", { kind: "model", provider })
    },
    git(session, outcome, facts) {
      const repository = facts.repository.slice(0, REPOSITORY_CHARACTERS_MAX)
      const key = [facts.service, facts.as, facts.host, repository].join(" ")
      const own = { session, outcome, facts: { ...facts, repository } }
      git[outcome].note(session.id, key, { own, rest: { session, outcome, facts: { others: true } } })
    },
    async close() {
      await Promise.all(Object.values(git).map((repeats) => repeats.close()))
    },
  }
}
