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
const FACT_CHARACTERS_MAX = 500

/** Tells the audit log which session used which stored credential for what. */
export interface Uses {
  /** One event an hour for each session and provider. */
  model(session: CallerSession, provider: string): void
  /** A request that is no model call: told like git's refusals. `request` is its method and path. */
  modelRefused(session: CallerSession, provider: string, request: string): void
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

interface Use {
  readonly session: CallerSession
  readonly outcome: Outcome
  readonly kind: "git" | "model"
  readonly facts: Readonly<Record<string, string>>
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
  const tell = ({ session, outcome, kind, facts }: Use, more: number, folded: readonly Use[]) =>
    record(session, outcome, {
      kind,
      ...(folded.length === 0 ? facts : { others: true, last: folded.map((use) => use.facts) }),
      ...(more > 0 ? { more } : {}),
    })
  const repeats = {
    ok: createRepeats<Use>({ clock, tell, ...WORKED }),
    refused: createRepeats<Use>({ clock, tell, ...REFUSED }),
    failed: createRepeats<Use>({ clock, tell, ...REFUSED }),
  }
  const note = (use: Use) => {
    const facts = Object.fromEntries(
      Object.entries(use.facts).map(([name, text]) => [name, text.slice(0, FACT_CHARACTERS_MAX)]),
    )
    // A group for each kind: refused model requests do not take the places of git's.
    repeats[use.outcome].note(`${use.session.id} ${use.kind}`, JSON.stringify(facts), { ...use, facts })
  }
  return {
    model(session, provider) {
      const key = `${session.id} ${provider}`
      if (clock.now() - (lastUse.get(key) ?? 0) < MODEL_AGAIN_AFTER_MS) return
      if (lastUse.size >= REMEMBERED_MAX) lastUse.clear()
      lastUse.set(key, clock.now())
      void record(session, "ok", { kind: "model", provider })
    },
    modelRefused: (session, provider, request) =>
      note({ session, outcome: "refused", kind: "model", facts: { provider, request } }),
    git: (session, outcome, facts) => note({ session, outcome, kind: "git", facts: { ...facts } }),
    async close() {
      await Promise.all(Object.values(repeats).map((each) => each.close()))
    },
  }
}
