import type { Database } from "../database/index.ts"
import { isGrowing, type Plan } from "./plan.ts"
import type { AgentRequest, Message, Part } from "./types.ts"

export interface Head {
  /** Number of the last event. */
  readonly seq: number
  /** Position of the last message. */
  readonly position: number
}

/**
 * Locks the session's row until the end of the transaction and answers where its log and history end: numbers are given
 * out under this lock, so that their order is the order of commits. Null when the session is gone or `epoch` (null: no
 * fence) is not its lease's.
 */
export async function lockSession(
  transaction: Database,
  sessionId: string,
  epoch: bigint | null,
): Promise<Head | null> {
  const { rows } = await transaction.raw<{ rows: { event_seq: number; message_position: number }[] }>(
    `SELECT event_seq, message_position FROM sessions
     WHERE id = ? AND (?::bigint IS NULL OR lease_epoch = ?::bigint) FOR NO KEY UPDATE`,
    [sessionId, epoch?.toString() ?? null, epoch?.toString() ?? null],
  )
  const row = rows[0]
  return row === undefined ? null : { seq: row.event_seq, position: row.message_position }
}

/** What the tables say about the things of a plan. */
export interface Stored {
  readonly messages: readonly {
    id: string
    role: "user" | "assistant"
    agent_session_id: string | null
    /** Written by a user here: nothing that an agent says may touch it. */
    ours: boolean
    same: boolean
  }[]
  readonly parts: readonly { id: string; seq: number; same: boolean; text: string | null }[]
  readonly requests: readonly { id: string; same: boolean }[]
  readonly open: readonly { id: string; kind: AgentRequest["kind"]; body: AgentRequest["body"]; created_at: number }[]
}

/**
 * A part that has come to its end stays as it was stored: the agent does not change it, unless it forges it. The end
 * that we give to what an agent left open is none (`endedAt` is then `startedAt`, the call is `interrupted`).
 */
const ENDED = `
  CASE WHEN p.body ? 'tool' THEN p.body->'tool'->>'status' IN ('completed', 'error')
    ELSE NOT p.body ? 'startedAt' OR p.body ? 'endedAt' AND p.body->'endedAt' <> p.body->'startedAt' END`.replaceAll(
  "?",
  "\\?",
)

const INSPECT = `
  SELECT
    (SELECT coalesce(json_agg(x), '[]') FROM (
      SELECT m.id, m.role, m.agent_session_id, m.author_id IS NOT NULL AS ours,
             m.removed_at IS NOT NULL OR r.id IS NOT NULL AND m.body = r.body AND m.completed_at IS NOT DISTINCT FROM to_timestamp(r.completed_at / 1000.0) AS same
      FROM messages m LEFT JOIN json_to_recordset(:messages::json) AS r(id text, body jsonb, completed_at float8) ON r.id = m.id
      WHERE m.session_id = :sessionId AND m.id = ANY(:messageIds)
    ) x) AS messages,
    (SELECT coalesce(json_agg(x), '[]') FROM (
      SELECT p.id, p.seq, p.type = r.type AND p.body = r.body OR (${ENDED}) AS same, CASE WHEN r.growing THEN p.body->>'text' END AS text
      FROM json_to_recordset(:parts::json) AS r(message_id text, id text, type text, body jsonb, growing boolean)
      JOIN parts p ON p.session_id = :sessionId AND p.message_id = r.message_id AND p.id = r.id
    ) x) AS parts,
    (SELECT coalesce(json_agg(x), '[]') FROM (
      SELECT q.id, q.state = r.state AND q.body = r.body AND q.answer IS NOT DISTINCT FROM r.answer AS same
      FROM json_to_recordset(:requests::json) AS r(id text, state text, body jsonb, answer jsonb)
      JOIN requests q ON q.session_id = :sessionId AND q.id = r.id
    ) x) AS requests,
    (SELECT coalesce(json_agg(x), '[]') FROM (
      SELECT id, kind, body, floor(extract(epoch FROM created_at) * 1000) AS created_at
      FROM requests WHERE session_id = :sessionId AND state = 'open' AND :listed::boolean ORDER BY created_at, id
    ) x) AS open`

/** Compares a plan with the tables, in one statement. Needs the session's lock, else the answer may be out of date. */
export async function inspect(transaction: Database, sessionId: string, plan: Plan): Promise<Stored> {
  const parts = [...plan.parts.values()]
  const messageIds = new Set([
    ...plan.messages.keys(),
    ...parts.map(({ messageId }) => messageId),
    ...plan.removedMessages,
    ...plan.removedParts.values(),
  ])
  const { rows } = await transaction.raw<{ rows: Stored[] }>(INSPECT, {
    sessionId,
    messageIds: [...messageIds],
    messages: JSON.stringify([...plan.messages.values()].map(messageRow)),
    parts: JSON.stringify(parts.map((part) => partRow(part))),
    requests: JSON.stringify([...plan.requests.values()].map(requestRow)),
    listed: plan.openRequestIds !== null,
  })
  return rows[0] ?? { messages: [], parts: [], requests: [], open: [] }
}

export interface LogEntry {
  readonly seq: number
  readonly type: string
  readonly body: unknown
}

export interface Batch {
  readonly messages: readonly { header: Omit<Message, "parts">; position: number }[]
  readonly parts: readonly { messageId: string; part: Part; position: number; seq: number }[]
  readonly requests: readonly AgentRequest[]
  readonly log: readonly LogEntry[]
  readonly head: Head
  readonly lastMessage: LastMessage | null
}

/** What lists of sessions show of the conversation. */
export interface LastMessage {
  readonly role: "user" | "assistant"
  readonly text: string
  readonly at: number
}

const WRITE = `
  WITH head AS (
    UPDATE sessions SET event_seq = :seq, message_position = :position, last_active_at = now(),
      last_message = coalesce(:lastMessage::jsonb, last_message)
    WHERE id = :sessionId
  ), stored_messages AS (
    INSERT INTO messages (session_id, id, position, role, agent_session_id, delivery, body, created_at, completed_at)
    SELECT :sessionId, id, position, role, agent_session_id, delivery, body, to_timestamp(created_at / 1000.0),
      to_timestamp(completed_at / 1000.0)
    FROM json_to_recordset(:messages::json) AS r(id text, position bigint, role text, agent_session_id text, delivery text,
      body jsonb, created_at float8, completed_at float8)
    ON CONFLICT (session_id, id) DO UPDATE SET body = excluded.body, completed_at = excluded.completed_at
  ), stored_parts AS (
    INSERT INTO parts (session_id, message_id, id, position, type, body, seq)
    SELECT :sessionId, message_id, id, position, type, body, seq
    FROM json_to_recordset(:parts::json) AS r(message_id text, id text, position integer, type text, body jsonb, seq bigint)
    ON CONFLICT (session_id, message_id, id) DO UPDATE
      SET type = excluded.type, body = excluded.body, seq = excluded.seq, removed_at = NULL
  ), stored_requests AS (
    INSERT INTO requests (session_id, id, kind, body, state, answer, created_at)
    SELECT :sessionId, id, kind, body, state, answer, to_timestamp(created_at / 1000.0)
    FROM json_to_recordset(:requests::json) AS r(id text, kind text, body jsonb, state text, answer jsonb, created_at float8)
    ON CONFLICT (session_id, id) DO UPDATE SET body = excluded.body, state = excluded.state, answer = excluded.answer
  )
  INSERT INTO session_events (session_id, seq, type, body)
  SELECT :sessionId, seq, type, body FROM json_to_recordset(:log::json) AS r(seq bigint, type text, body jsonb)`

/** Writes everything of a batch in one statement. Needs the session's lock. */
export async function writeBatch(transaction: Database, sessionId: string, batch: Batch): Promise<void> {
  const { messages, parts, requests, log, head, lastMessage } = batch
  await transaction.raw(WRITE, {
    sessionId,
    seq: head.seq,
    position: head.position,
    lastMessage: lastMessage === null ? null : JSON.stringify(lastMessage),
    messages: JSON.stringify(messages.map(({ header, position }) => ({ ...messageRow(header), position }))),
    parts: JSON.stringify(parts.map((part) => ({ ...partRow(part), position: part.position, seq: part.seq }))),
    requests: JSON.stringify(requests.map(requestRow)),
    log: JSON.stringify(log),
  })
}

export interface Removed {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly messages: ReadonlySet<string>
  readonly parts: ReadonlySet<string>
}

/**
 * Marks stored messages of the agent (never a user's own) and parts of them as removed. Returns those that were not before.
 * Needs the session's lock.
 */
export async function markRemoved(transaction: Database, sessionId: string, plan: Plan): Promise<Removed> {
  const { rows } = await transaction.raw<{ rows: { at: number; messages: string[]; parts: string[] }[] }>(
    MARK_REMOVED,
    {
      sessionId,
      messages: [...plan.removedMessages],
      parts: JSON.stringify([...plan.removedParts].map(([id, message_id]) => ({ id, message_id }))),
    },
  )
  const { at = 0, messages = [], parts = [] } = rows[0] ?? {}
  return { at, messages: new Set(messages), parts: new Set(parts) }
}

const MARK_REMOVED = `
  WITH gone_messages AS (
    UPDATE messages SET removed_at = now()
    WHERE session_id = :sessionId AND id = ANY (:messages) AND author_id IS NULL AND removed_at IS NULL
    RETURNING id
  ), gone_parts AS (
    UPDATE parts p SET removed_at = now()
    FROM json_to_recordset(:parts::json) AS r(id text, message_id text), messages m
    WHERE p.session_id = :sessionId AND p.message_id = r.message_id AND p.id = r.id AND p.removed_at IS NULL
      AND m.session_id = p.session_id AND m.id = p.message_id AND m.author_id IS NULL
    RETURNING p.id
  )
  SELECT floor(extract(epoch FROM now()) * 1000)::float8 AS at,
    ARRAY(SELECT id FROM gone_messages) AS messages, ARRAY(SELECT id FROM gone_parts) AS parts`

/**
 * Appends events and nothing else, in one statement without a transaction around it: most batches are deltas.
 * Returns false when the session is gone or the epoch is not its lease's.
 */
export async function appendLog(
  database: Database,
  sessionId: string,
  epoch: bigint | null,
  entries: readonly Omit<LogEntry, "seq">[],
): Promise<boolean> {
  const { rows } = await database.raw<{ rows: unknown[] }>(
    `WITH head AS (
       UPDATE sessions SET event_seq = event_seq + :count, last_active_at = now()
       WHERE id = :sessionId AND (:epoch::bigint IS NULL OR lease_epoch = :epoch::bigint)
       RETURNING event_seq - :count AS base
     )
     INSERT INTO session_events (session_id, seq, type, body)
     SELECT :sessionId, head.base + r.n, r.type, r.body
     FROM head, json_to_recordset(:log::json) AS r(n integer, type text, body jsonb)
     RETURNING seq`,
    {
      sessionId,
      epoch: epoch?.toString() ?? null,
      count: entries.length,
      log: JSON.stringify(entries.map((entry, index) => ({ n: index + 1, ...entry }))),
    },
  )
  return rows.length > 0
}

function messageRow(message: Omit<Message, "parts">) {
  return {
    id: message.id,
    role: message.role,
    agent_session_id: message.agentSessionId,
    delivery: message.delivery,
    body: message.body,
    created_at: message.createdAt,
    completed_at: message.completedAt,
  }
}

function partRow({ messageId, part }: { messageId: string; part: Part }) {
  return { message_id: messageId, id: part.id, type: part.type, body: part.body, growing: isGrowing(part) }
}

function requestRow(request: AgentRequest) {
  const { id, kind, body, state, answer, createdAt } = request
  return { id, kind, body, state, answer: answer ?? null, created_at: createdAt }
}
