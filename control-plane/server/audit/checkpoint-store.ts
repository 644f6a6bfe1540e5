import type { Database } from "../database/index.ts"
import type { Checkpoint } from "./checkpoint.ts"

interface Row {
  id: number
  first_id: number
  last_id: number
  events: number
  previous: Buffer
  digest: Buffer
  key_id: string
  signature: Buffer
  sealed_at: Date
  removed_at: Date | null
}

const TABLE = "audit_checkpoints"

/** The newest checkpoint; null before the first. */
export async function lastCheckpoint(database: Database): Promise<Checkpoint | null> {
  const row = await database<Row>(TABLE).orderBy("id", "desc").first()
  return row ? toCheckpoint(row) : null
}

/** Checkpoints after `id`, in order. */
export async function readCheckpoints(database: Database, afterId: number, limit: number): Promise<Checkpoint[]> {
  const rows = await database<Row>(TABLE).where("id", ">", afterId).orderBy("id").limit(limit)
  return rows.map(toCheckpoint)
}

/** Stores a checkpoint. @throws the driver's error 23505 when another replica has sealed the same range */
export async function insertCheckpoint(database: Database, checkpoint: Checkpoint): Promise<void> {
  const { id, firstId, lastId, events, previous, digest, keyId, signature, sealedAt } = checkpoint
  await database<Row>(TABLE).insert({
    id,
    first_id: firstId,
    last_id: lastId,
    events,
    previous,
    digest,
    key_id: keyId,
    signature,
    sealed_at: new Date(sealedAt),
  })
}

/** True when this transaction, alone among all replicas, may seal or remove until it ends. */
export async function takeTurn(transaction: Database): Promise<boolean> {
  const { rows } = await transaction.raw<{ rows: { held: boolean }[] }>(
    "SELECT pg_try_advisory_xact_lock(hashtext('berth audit seal'), 0) AS held",
  )
  return rows[0]?.held === true
}

/**
 * The highest id of which it is certain that no lower one is still to come: the table is locked against writers for the
 * moment of looking, after those who were writing are done. Waits 200 ms for them at most.
 * @throws the driver's error 55P03 when they take longer
 */
export async function highestSettledId(transaction: Database): Promise<number> {
  await transaction.raw("SET LOCAL lock_timeout = '200ms'")
  await transaction.raw("LOCK TABLE audit_events IN SHARE MODE")
  const { rows } = await transaction.raw<{ rows: { id: number }[] }>(
    "SELECT COALESCE(max(id), 0) AS id FROM audit_events",
  )
  return rows[0]?.id ?? 0
}

/** Takes away the events of checkpoints whose newest event is older than `before`. Answers how many events went. */
export async function removeBefore(transaction: Database, before: number, now: number): Promise<number> {
  await transaction.raw(
    `UPDATE audit_checkpoints SET removed_at = ? WHERE removed_at IS NULL AND id <= (
       SELECT max(c.id) FROM audit_checkpoints c
        WHERE c.removed_at IS NULL AND c.sealed_at < ?
          AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.id BETWEEN c.first_id AND c.last_id AND e.at >= ?))`,
    [new Date(now), new Date(before), new Date(before)],
  )
  const { rowCount } = await transaction.raw<{ rowCount: number }>(
    "DELETE FROM audit_events WHERE id <= (SELECT max(last_id) FROM audit_checkpoints WHERE removed_at IS NOT NULL)",
  )
  return rowCount
}

function toCheckpoint(row: Row): Checkpoint {
  return {
    id: row.id,
    firstId: row.first_id,
    lastId: row.last_id,
    events: row.events,
    previous: row.previous,
    digest: row.digest,
    keyId: row.key_id,
    signature: row.signature,
    sealedAt: row.sealed_at.getTime(),
    removedAt: row.removed_at?.getTime() ?? null,
  }
}
