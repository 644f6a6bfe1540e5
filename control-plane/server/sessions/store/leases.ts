import type { Database } from "../../database/types.ts"
import type { Lease } from "../../leases/types.ts"

const LEASE_TTL_S = 10

/**
 * Sessions with something to drive: a wish that was not settled, or an agent to follow. One that failed waits for its
 * next generation.
 */
const DRIVABLE = `(s.pending OR s.desired = 'deleted'
    OR (s.desired = 'running' AND s.failed_generation IS DISTINCT FROM s.generation))
  AND (s.lease_expires_at IS NULL OR s.lease_expires_at < now())`

const claim = (condition: string) => `
  UPDATE sessions
  SET lease_holder = :holder, lease_epoch = lease_epoch + 1, lease_expires_at = now() + make_interval(secs => :ttl)
  WHERE id IN (
    SELECT s.id FROM sessions s
    WHERE ${DRIVABLE} AND ${condition}
    ORDER BY s.pending DESC, s.lease_expires_at NULLS FIRST
    LIMIT :limit
    FOR UPDATE SKIP LOCKED)
  RETURNING id, lease_epoch`

const CLAIM_ANY = claim("true")
const CLAIM_NAMED = claim("s.id = ANY (:ids)")

/** Takes up to `limit` sessions that nobody drives. Each comes with a new epoch, which ends the rights of the last holder. */
export async function claimLeases(database: Database, holder: string, limit: number): Promise<Lease[]> {
  return await run(database, CLAIM_ANY, { holder, limit, ttl: LEASE_TTL_S }, holder)
}

/** The same for these sessions only; those that are driven or have nothing to drive are passed over. */
export async function claimNamedLeases(database: Database, holder: string, ids: readonly string[]): Promise<Lease[]> {
  return await run(database, CLAIM_NAMED, { holder, ids, limit: ids.length, ttl: LEASE_TTL_S }, holder)
}

async function run(
  database: Database,
  sql: string,
  values: Record<string, string | number | readonly string[]>,
  holder: string,
): Promise<Lease[]> {
  const { rows } = await database.raw<{ rows: { id: string; lease_epoch: number }[] }>(sql, values)
  return rows.map((row) => ({ sessionId: row.id, holder, epoch: BigInt(row.lease_epoch) }))
}

/**
 * Prolongs the leases in one statement and returns the ids of those that are still ours. Its answer is waited for
 * `answer_ms`.
 */
export async function renewLeases(
  database: Database,
  leases: readonly Lease[],
  answer_ms: number,
): Promise<Set<string>> {
  if (leases.length === 0) return new Set()
  const renewal = database.raw<{ rows: { id: string }[] }>(
    `UPDATE sessions s SET lease_expires_at = now() + make_interval(secs => :ttl)
     FROM unnest(CAST(:ids AS text[]), CAST(:epochs AS bigint[])) AS held (id, epoch)
     WHERE s.id = held.id AND s.lease_epoch = held.epoch
     RETURNING s.id`,
    {
      ttl: LEASE_TTL_S,
      ids: leases.map((lease) => lease.sessionId),
      epochs: leases.map((lease) => String(lease.epoch)),
    },
  )
  const { rows } = await renewal.options({ query_timeout: answer_ms })
  return new Set(rows.map((row) => row.id))
}

/**
 * Ends the leases of this pod's earlier process, which is dead when this one starts: its sessions need not wait until
 * they run out. A holder is `<pod>-<random>`. Should it live after all, the new epoch keeps it from writing.
 */
export async function endLeftovers(database: Database, holder: string): Promise<void> {
  const pod = holder.slice(0, holder.lastIndexOf("-") + 1)
  await database.raw(
    `UPDATE sessions SET lease_holder = NULL, lease_expires_at = NULL, lease_epoch = lease_epoch + 1
     WHERE lease_expires_at IS NOT NULL AND lease_holder <> :holder
       AND left(lease_holder, length(:pod)) = :pod AND position('-' IN substr(lease_holder, length(:pod) + 1)) = 0`,
    { holder, pod },
  )
}

/**
 * Gives a lease back. The epoch moves on, so that nothing of the old holder can be written any more; with `handOver` the
 * other replicas are told to take it.
 */
export async function releaseLease(database: Database, lease: Lease, handOver: boolean): Promise<void> {
  await database.raw(
    `UPDATE sessions SET lease_holder = NULL, lease_expires_at = NULL, lease_epoch = lease_epoch + 1
     WHERE id = :id AND lease_epoch = :epoch
     RETURNING CASE WHEN :handOver THEN pg_notify('berth_sessions', id) END`,
    { id: lease.sessionId, epoch: String(lease.epoch), handOver },
  )
}
