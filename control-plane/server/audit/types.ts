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

/** An event as it is stored. `at` is milliseconds since the epoch. */
export interface StoredAuditEvent extends Required<Omit<AuditEvent, "sessionId" | "requestId" | "address">> {
  readonly id: number
  readonly at: number
  readonly sessionId: string | null
  readonly requestId: string | null
  readonly address: string | null
}

/** Filters, which must all hold. Times are milliseconds since the epoch. */
export interface AuditFilters {
  readonly actorId?: string
  readonly action?: string
  readonly sessionId?: string
  readonly outcome?: Outcome
  readonly from?: number
  readonly until?: number
  /** Only events before this id. */
  readonly cursor?: string
}

/** Filters and the size of one page. */
export interface AuditQuery extends AuditFilters {
  readonly limit: number
}

/** How far the record is sealed. Times are milliseconds since the epoch. */
export interface AuditSeal {
  /** The newest checkpoint: it covers every event up to `lastId`. Null before the first. */
  readonly checkpoint: {
    readonly id: number
    readonly lastId: number
    readonly sealedAt: number
    readonly keyId: string
    /** Of its events and of all checkpoints before, in hexadecimal. */
    readonly digest: string
  } | null
  /** Events after it; counted up to 10,000. */
  readonly unsealed: { readonly events: number; readonly oldestAt: number | null }
}

/** Reading the record. */
export interface AuditLog {
  seal(): Promise<AuditSeal>
  /** A page, the newest first. */
  list(query: AuditQuery): Promise<{ items: StoredAuditEvent[]; nextCursor: string | null }>
  /**
   * Everything that matched when it was begun, the newest first, in pages of 500 of which one is held at a time. Ends
   * early when the signal aborts.
   */
  pages(filters: AuditFilters, signal: AbortSignal): AsyncGenerator<StoredAuditEvent[], void, void>
}
