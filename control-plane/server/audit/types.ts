import type { Database } from "../database/types.ts"

export const OUTCOMES = ["ok", "refused", "failed"] as const
export type Outcome = (typeof OUTCOMES)[number]

/** One thing that somebody did or tried. Never holds a secret: names, ids and counts only. */
export interface AuditEvent {
  /** The user's id; null for the system itself and for callers that are not signed in. */
  readonly actorId: string | null
  /** How people know the actor: e-mail address, `system`, `session <id>`, `anonymous`. */
  readonly actor: string
  /** `<subject>.<verb>`: `login.create`, `session.delete`, `credential.use`, … */
  readonly action: string
  readonly sessionId?: string
  readonly requestId?: string
  /** The peer's IP address. */
  readonly address?: string
  readonly outcome: Outcome
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The append-only record of who did what. */
export interface Audit {
  /**
   * Resolves once the event is stored. `within` is a transaction, so that the event and the change it tells of are
   * stored together or not at all. Without it a failed write is logged with the whole event and does not reject:
   * what happened has happened.
   */
  record(event: AuditEvent, within?: Database): Promise<void>
}
