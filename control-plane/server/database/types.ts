import type { Knex } from "knex"

/** The pool. Stores take it, or a transaction of it, as their first argument. */
export type Database = Knex

export const CHANNELS = ["berth_sessions", "berth_events", "berth_accounts"] as const
/**
 * `berth_sessions`: a session row changed; payload: session id. Wakes the engine and the list streams.
 * `berth_events`: a session's event log grew; payload: session id. Sent once a batch.
 * `berth_accounts`: a git host's app was let in somewhere, or out; payload: the host.
 */
export type Channel = (typeof CHANNELS)[number]

/** LISTEN on a connection of its own. A hint, never the truth: listeners also look by themselves now and then. */
export interface Notifications {
  /** Calls `listener` with each payload, and with `null` after a reconnect, when anything may have been missed. */
  subscribe(channel: Channel, listener: (payload: string | null) => void): () => void
  close(): Promise<void>
}
