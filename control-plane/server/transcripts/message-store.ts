import type { Database } from "../database/index.ts"
import type { AgentRequest, Message, MessageBody, Part, PartBody, PartType, QueuedPrompt } from "./types.ts"

interface MessageRow {
  id: string
  position: number
  role: Message["role"]
  agent_session_id: string | null
  author_id: string | null
  delivery: Message["delivery"]
  body: MessageBody
  created_at: Date
  completed_at: Date | null
  removed_at: Date | null
}

interface PartRow {
  message_id: string
  id: string
  type: PartType
  body: PartBody
  seq: number
  removed_at: Date | null
}

const MESSAGE_COLUMNS = [
  "id",
  "position",
  "role",
  "agent_session_id",
  "author_id",
  "delivery",
  "body",
  "created_at",
  "completed_at",
  "removed_at",
] as const

export type StoredHeader = Omit<Message, "parts"> & { readonly position: number }
export type StoredPart = Part & { readonly messageId: string; readonly seq: number }

function toHeader(row: MessageRow): StoredHeader {
  return {
    id: row.id,
    position: row.position,
    role: row.role,
    agentSessionId: row.agent_session_id,
    authorId: row.author_id,
    delivery: row.delivery,
    createdAt: row.created_at.getTime(),
    completedAt: row.completed_at?.getTime() ?? null,
    ...(row.role === "user" && row.author_id === null ? { origin: "agent" } : {}),
    ...(row.removed_at === null ? {} : { removedAt: row.removed_at.getTime() }),
    body: row.body,
  }
}

function toPart({ message_id, id, type, body, seq, removed_at }: PartRow): StoredPart {
  const removed = removed_at === null ? {} : { removedAt: removed_at.getTime() }
  return { messageId: message_id, id, type, ...removed, body, seq }
}

/** How many parts are held at once where all of a session's are gone through: each may have a megabyte of text. */
export const PARTS_AT_ONCE = 5

/** The list in pieces of at most `size`. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}

/** Up to `limit` messages with positions below `before` (null: the newest), oldest first. */
export async function readPage(
  database: Database,
  sessionId: string,
  before: number | null,
  limit: number,
): Promise<StoredHeader[]> {
  const query = database("messages").where({ session_id: sessionId })
  if (before !== null) query.where("position", "<", before)
  const rows = await query
    .orderBy("position", "desc")
    .limit(limit)
    .select(...MESSAGE_COLUMNS)
  return (rows as MessageRow[]).map(toHeader).reverse()
}

/** The parts of these messages, in their order within each; or, by "id", these parts. */
export async function readParts(
  database: Database,
  sessionId: string,
  ids: readonly string[],
  by: "message_id" | "id" = "message_id",
): Promise<StoredPart[]> {
  const rows: PartRow[] = await database("parts")
    .where({ session_id: sessionId })
    .whereIn(by, [...ids])
    .orderBy("position")
    .select("message_id", "id", "type", "body", "seq", "removed_at")
  return rows.map(toPart)
}

/** What a part costs besides its body, in characters. */
const PART_CHARS = 200

/**
 * The newest parts of these messages, in their order within each, up to and including the one with which they come to
 * `chars_max` characters; `cut` is the message of that one, null when all fit.
 */
export async function readNewestParts(
  database: Database,
  sessionId: string,
  messageIds: readonly string[],
  chars_max: number,
): Promise<{ parts: StoredPart[]; cut: string | null }> {
  const { rows } = await database.raw<{ rows: (PartRow & { total: number })[] }>(
    `WITH measured AS MATERIALIZED (
       SELECT p.*, m.position AS place, octet_length(p.body::text) + :part AS chars
       FROM parts p JOIN messages m ON m.session_id = p.session_id AND m.id = p.message_id
       WHERE p.session_id = :sessionId AND p.message_id = ANY (:messageIds)
     ), counted AS (
       SELECT *, (sum(chars) OVER (ORDER BY place DESC, position DESC, id ROWS UNBOUNDED PRECEDING))::float8 AS total
       FROM measured
     )
     SELECT message_id, id, type, body, seq, removed_at, total FROM counted WHERE total - chars <= :max ORDER BY position`,
    { sessionId, messageIds: [...messageIds], max: chars_max, part: PART_CHARS },
  )
  return {
    parts: rows.map(toPart),
    cut: rows.find(({ total }) => total > chars_max)?.message_id ?? null,
  }
}

/** Stores a growing text as it is at event `seq`. Needs the session's lock. */
export async function storeText(transaction: Database, sessionId: string, part: StoredPart): Promise<void> {
  await transaction("parts")
    .where({ session_id: sessionId, message_id: part.messageId, id: part.id })
    .update({ body: JSON.stringify(part.body), seq: part.seq })
}

/** The head of one message, or null. */
export async function readMessage(database: Database, sessionId: string, id: string): Promise<StoredHeader | null> {
  const row = await database("messages")
    .where({ session_id: sessionId, id })
    .first(...MESSAGE_COLUMNS)
  return row === undefined ? null : toHeader(row as MessageRow)
}

/** The agent's ids of the session's newest prompts, newest first. */
export async function readOwnIds(database: Database, sessionId: string, limit: number): Promise<string[]> {
  const rows: { agent_message_id: string }[] = await database("messages")
    .where({ session_id: sessionId })
    .whereNotNull("agent_message_id")
    .orderBy("position", "desc")
    .limit(limit)
    .select("agent_message_id")
  return rows.map(({ agent_message_id }) => agent_message_id)
}

/** Up to `limit` messages of the agent that it never finished: neither completed, failed nor marked as interrupted. */
export async function readUnfinished(database: Database, sessionId: string, limit: number): Promise<StoredHeader[]> {
  const rows = await database("messages")
    .where({ session_id: sessionId, role: "assistant", completed_at: null })
    .whereRaw("NOT body \\?| array['error', 'interrupted']")
    .orderBy("position")
    .limit(limit)
    .select(...MESSAGE_COLUMNS)
  return (rows as MessageRow[]).map(toHeader)
}

const GROWING = "(body ? 'text' AND body ? 'startedAt' AND NOT body ? 'endedAt')".replaceAll("?", "\\?")

/** Ids of the parts of these messages that have not ended: texts that grow, calls that run. */
export async function readOpenPartIds(
  database: Database,
  sessionId: string,
  messageIds: readonly string[],
): Promise<string[]> {
  const { rows } = await database.raw<{ rows: { id: string }[] }>(
    `SELECT id FROM parts WHERE session_id = ? AND message_id = ANY (?)
       AND (${GROWING} OR body->'tool'->>'status' IN ('pending', 'running'))
     ORDER BY position`,
    [sessionId, [...messageIds]],
  )
  return rows.map(({ id }) => id)
}

/** Ids of the texts that still grow and have deltas up to and including event `seq`. */
export async function readGrowingIds(database: Database, sessionId: string, seq: number): Promise<string[]> {
  const { rows } = await database.raw<{ rows: { id: string }[] }>(
    // In two steps, so that only bodies of texts with deltas are looked into.
    `WITH grown AS MATERIALIZED (
       SELECT id, body FROM parts WHERE session_id = ? AND id IN (
         SELECT body->>'partId' FROM session_events WHERE session_id = ? AND seq <= ? AND type = 'part.delta'))
     SELECT id FROM grown WHERE ${GROWING}`,
    [sessionId, sessionId, seq],
  )
  return rows.map(({ id }) => id)
}

interface PromptRow {
  id: string
  agent_message_id: string | null
  delivery: QueuedPrompt["delivery"]
  awaited: boolean
  attempts: number
}

/** The prompt whose end is awaited; without one, the oldest that the agent does not have yet. */
export async function readNextPrompt(database: Database, sessionId: string): Promise<QueuedPrompt | null> {
  const { rows } = await database.raw<{ rows: PromptRow[] }>(
    // One that is on its way comes first: it has moved to the end of the transcript.
    `SELECT id, agent_message_id, delivery, awaited, attempts FROM messages
     WHERE session_id = ? AND (awaited OR delivery IN ('queued', 'sending'))
     ORDER BY awaited DESC, delivery = 'sending' DESC, position LIMIT 1`,
    [sessionId],
  )
  const row = rows[0]
  if (row === undefined) return null
  const parts = await readParts(database, sessionId, [row.id])
  return {
    messageId: row.id,
    agentMessageId: row.agent_message_id,
    delivery: row.delivery,
    awaited: row.awaited || row.delivery === "sending",
    attempts: row.attempts,
    parts: parts.flatMap(({ id, type, body }) => (type === "text" ? [{ id, type, text: body.text ?? "" }] : [])),
  }
}

/** What the agent asked for, oldest first; all of it, or what is in one state. */
export async function readRequests(
  database: Database,
  sessionId: string,
  state: AgentRequest["state"] | undefined,
): Promise<AgentRequest[]> {
  const query = database("requests").where({ session_id: sessionId })
  if (state !== undefined) query.where({ state })
  const rows = await query.orderBy(["created_at", "id"]).select("id", "kind", "state", "body", "answer", "created_at")
  return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at.getTime() }))
}

/** Number of the session's last event; 0 when there is none or no such session. */
export async function readHeadSeq(database: Database, sessionId: string): Promise<number> {
  const row = await database("sessions").where({ id: sessionId }).first("event_seq")
  return row?.event_seq ?? 0
}
