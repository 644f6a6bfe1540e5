import type { Database } from "../database/index.ts"

/** What takes room in the database, in bytes as they are stored: long texts compressed, and each row with its overhead. */
export interface StoredBytes {
  readonly session: number
  /** Of all sessions of this session's owner. */
  readonly owner: number
  /** Of the whole database, with indexes and with what was deleted and is not used again yet. */
  readonly database: number
}

/** What a row takes besides its body: its other columns, its header and its place in the indexes. */
const ROW_BYTES = 150

/** Null without such a session. The lengths are in the rows' headers: no body is read. */
export async function readStoredBytes(database: Database, sessionId: string): Promise<StoredBytes | null> {
  const { rows } = await database.raw<{ rows: (StoredBytes & { known: boolean })[] }>(
    `WITH owned AS (
       SELECT id FROM sessions WHERE owner_id = (SELECT owner_id FROM sessions WHERE id = :sessionId)
     ), stored AS (
       SELECT session_id, pg_column_size(body) AS bytes FROM messages WHERE session_id IN (SELECT id FROM owned)
       UNION ALL SELECT session_id, pg_column_size(body) FROM parts WHERE session_id IN (SELECT id FROM owned)
       UNION ALL SELECT session_id, pg_column_size(body) FROM requests WHERE session_id IN (SELECT id FROM owned)
       UNION ALL SELECT session_id, pg_column_size(body) FROM session_events WHERE session_id IN (SELECT id FROM owned)
     )
     SELECT coalesce(sum(bytes + :row) FILTER (WHERE session_id = :sessionId), 0)::float8 AS session,
       coalesce(sum(bytes + :row), 0)::float8 AS owner, pg_database_size(current_database())::float8 AS database,
       EXISTS (SELECT FROM owned) AS known
     FROM stored`,
    { sessionId, row: ROW_BYTES },
  )
  const row = rows[0]
  return row?.known === true ? { session: row.session, owner: row.owner, database: row.database } : null
}
