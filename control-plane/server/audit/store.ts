import { type Database, storableJson, storableText } from "../database/index.ts"
import type { AuditEvent, AuditQuery, Outcome, StoredAuditEvent } from "./types.ts"

interface Row {
  id: number
  at: Date
  actor_id: string | null
  actor: string
  action: string
  session_id: string | null
  request_id: string | null
  address: string | null
  outcome: Outcome
  facts: Record<string, unknown>
}

/**
 * Appends an event; its number and time are the database's. What cannot be stored as it is is written out, so that no
 * text keeps an event out of the record.
 */
export async function insertEvent(database: Database, event: AuditEvent): Promise<void> {
  const text = (value: string | null | undefined) => (value == null ? null : storableText(value))
  await database("audit_events").insert({
    actor_id: text(event.actorId),
    actor: text(event.actor),
    action: text(event.action),
    session_id: text(event.sessionId),
    request_id: text(event.requestId),
    address: text(event.address),
    outcome: event.outcome,
    facts: storableJson(event.facts ?? {}),
  })
}

/** Events that match, the newest first. An action that ends in a dot stands for all that begin with it. */
export async function findEvents(database: Database, query: AuditQuery): Promise<StoredAuditEvent[]> {
  const found = database<Row>("audit_events").orderBy("id", "desc").limit(query.limit)
  if (query.actorId !== undefined) found.where({ actor_id: query.actorId })
  if (query.sessionId !== undefined) found.where({ session_id: query.sessionId })
  if (query.outcome !== undefined) found.where({ outcome: query.outcome })
  if (query.action?.endsWith(".")) found.whereRaw("starts_with(action, ?)", [query.action])
  else if (query.action !== undefined) found.where({ action: query.action })
  if (query.from !== undefined) found.where("at", ">=", new Date(query.from))
  if (query.until !== undefined) found.where("at", "<", new Date(query.until))
  if (query.cursor !== undefined) found.where("id", "<", Number(query.cursor))
  return (await found).map(toEvent)
}

/** Events of a range of ids, in their order. */
export async function readRange(
  database: Database,
  range: { firstId: number; lastId: number; limit: number },
): Promise<StoredAuditEvent[]> {
  const rows = await database<Row>("audit_events")
    .whereBetween("id", [range.firstId, range.lastId])
    .orderBy("id")
    .limit(range.limit)
  return rows.map(toEvent)
}

/** How many events come after an id, counted up to `limit`, and when the first of them was. */
export async function countAfter(
  database: Database,
  id: number,
  limit: number,
): Promise<{ events: number; oldestAt: number | null }> {
  const { rows } = await database.raw<{ rows: { events: number; oldest: Date | null }[] }>(
    `SELECT count(*) AS events, min(at) AS oldest
       FROM (SELECT at FROM audit_events WHERE id > ? ORDER BY id LIMIT ?) AS later`,
    [id, limit],
  )
  const [row] = rows
  return { events: row?.events ?? 0, oldestAt: row?.oldest?.getTime() ?? null }
}

function toEvent(row: Row): StoredAuditEvent {
  return {
    id: row.id,
    at: row.at.getTime(),
    actorId: row.actor_id,
    actor: row.actor,
    action: row.action,
    sessionId: row.session_id,
    requestId: row.request_id,
    address: row.address,
    outcome: row.outcome,
    facts: row.facts,
  }
}
