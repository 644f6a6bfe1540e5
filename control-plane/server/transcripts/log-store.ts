import type { Database } from "../database/index.ts"
import type { Change, Notice, SessionEvent } from "./types.ts"

export interface LoggedDelta {
  readonly seq: number
  readonly partId: string
  readonly offset: number
  readonly delta: string
}

/** What is read of deltas at once: far more than any one text may have. */
const DELTAS_CHARS_MAX = 8 * 1024 * 1024
/** What a delta costs besides its characters. */
const DELTA_CHARS = 32

/** The deltas after the events that stored these growing texts, in order; of a flood only the first part. */
export async function readDeltas(
  database: Database,
  sessionId: string,
  growing: readonly { readonly id: string; readonly seq: number }[],
): Promise<LoggedDelta[]> {
  const partIds = growing.map(({ id }) => id)
  const afterSeq = growing.reduce((least, { seq }) => Math.min(least, seq), Number.MAX_SAFE_INTEGER)
  const { rows } = await database.raw<{ rows: LoggedDelta[] }>(
    `SELECT seq, body->>'partId' AS "partId", (body->>'offset')::integer AS "offset", body->>'delta' AS delta FROM (
       SELECT seq, body, sum(length(body->>'delta') + ?) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS total
       FROM session_events
       WHERE session_id = ? AND seq > ? AND type = 'part.delta' AND body->>'partId' = ANY (?)
     ) counted WHERE total <= ? ORDER BY seq`,
    [DELTA_CHARS, sessionId, afterSeq, partIds, DELTAS_CHARS_MAX],
  )
  return rows
}

/** The deltas of each text, in order. */
export function byPartId(deltas: readonly LoggedDelta[]): Map<string, LoggedDelta[]> {
  return Map.groupBy(deltas, ({ partId }) => partId)
}

/** The last `limit` notices that are still in the log, oldest first. */
export async function readNotices(database: Database, sessionId: string, limit: number): Promise<Notice[]> {
  const { rows } = await database.raw<{ rows: Notice[] }>(
    `SELECT seq, body->>'level' AS level, body->>'code' AS code, body->>'message' AS message
     FROM session_events WHERE session_id = ? AND type = 'notice' ORDER BY seq DESC LIMIT ?`,
    [sessionId, limit],
  )
  return rows.reverse()
}

/** An event and its length as JSON, for limits on memory. */
export interface LoggedEvent extends SessionEvent {
  readonly chars: number
}

/** What is read of events at once, unless one alone is longer. */
const EVENTS_CHARS_MAX = 4 * 1024 * 1024

/**
 * Up to `limit` events after `afterSeq`, fewer when they are long, and the number of the session's last one; null when
 * the session is gone.
 */
export async function readLog(
  database: Database,
  sessionId: string,
  afterSeq: number,
  limit: number,
): Promise<{ head: number; events: LoggedEvent[] } | null> {
  // One statement, so that the head and the events are of the same moment.
  const { rows } = await database.raw<{ rows: { head: number; seq: number | null; body: string }[] }>(
    `SELECT s.event_seq AS head, e.seq, e.body
     FROM sessions s LEFT JOIN LATERAL (
       SELECT seq, body FROM (
         SELECT seq, body, sum(length(body)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) - length(body) AS earlier FROM (
           SELECT seq, body::text AS body FROM session_events WHERE session_id = s.id AND seq > ? ORDER BY seq LIMIT ?
         ) next
       ) counted WHERE earlier < ?
     ) e ON true
     WHERE s.id = ? ORDER BY e.seq`,
    [afterSeq, limit, EVENTS_CHARS_MAX, sessionId],
  )
  const first = rows[0]
  if (first === undefined) return null
  const events = rows.flatMap(({ seq, body }) =>
    seq === null ? [] : [{ seq, change: JSON.parse(body) as Change, chars: body.length }],
  )
  return { head: first.head, events }
}

/** Numbers of the last events of these sessions; those that are gone are missing. */
export async function readHeads(database: Database, sessionIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await database.raw<{ rows: { id: string; event_seq: number }[] }>(
    "SELECT id, event_seq FROM sessions WHERE id = ANY(?)",
    [[...sessionIds]],
  )
  return new Map(rows.map(({ id, event_seq }) => [id, event_seq]))
}

/** Wakes every process that listens: one statement of its own, whatever the number of sessions. */
export async function notifyEvents(database: Database, sessionIds: readonly string[]): Promise<void> {
  await database.raw("SELECT pg_notify('berth_events', id) FROM unnest(?::text[]) AS id", [[...sessionIds]])
}

/** Sessions with events older than `age_ms`, and the numbers of the first and the last of those. */
export async function readExpired(
  database: Database,
  age_ms: number,
  limit: number,
): Promise<{ sessionId: string; first: number; last: number }[]> {
  const { rows } = await database.raw<{ rows: { sessionId: string; first: number; last: number }[] }>(
    `SELECT session_id AS "sessionId", min(seq) AS first, max(seq) AS last FROM session_events
     WHERE created_at < now() - ? * interval '1 millisecond' GROUP BY session_id LIMIT ?`,
    [age_ms, limit],
  )
  return rows
}

/** Deletes a session's events up to and including `seq`. Returns how many. */
export async function deleteLog(transaction: Database, sessionId: string, seq: number): Promise<number> {
  return await transaction("session_events").where({ session_id: sessionId }).where("seq", "<=", seq).delete()
}
