import { withTransaction } from "../../database/index.ts"
import type { Database } from "../../database/types.ts"
import { staleLease } from "../../leases/index.ts"
import type { Lease } from "../../leases/types.ts"
import type { Activity } from "../../runtime/types.ts"
import type { Reason } from "../../workloads/types.ts"
import type { Desired, SessionStatus, StartStep } from "../types.ts"
import { SELECT_SESSION, type SessionRow, type StoredSession, toSession } from "./rows.ts"

/** What a driver may change. An absent field stays as it is. */
export interface DriverPatch {
  readonly status?: SessionStatus
  readonly reason?: Reason | null
  readonly activity?: Activity
  readonly steps?: readonly StartStep[]
  readonly agentSessionId?: string
  readonly agentRun?: string
  /** The generation whose start has failed. */
  readonly failedGeneration?: number
  /** Counts as use of the session, for the idle timeout. */
  readonly used?: boolean
}

/** The row as its driver sees it. @throws AppError `stale_lease` when another one drives it or it is gone */
export async function loadFenced(database: Database, lease: Lease): Promise<StoredSession> {
  const { rows } = await database.raw<{ rows: SessionRow[] }>(
    `${SELECT_SESSION} WHERE s.id = ? AND s.lease_epoch = ?`,
    [lease.sessionId, String(lease.epoch)],
  )
  if (rows[0] === undefined) throw staleLease(lease)
  return toSession(rows[0])
}

/** @throws AppError `stale_lease`; nothing is written then */
export async function patchFenced(database: Database, lease: Lease, patch: DriverPatch): Promise<void> {
  const { rows } = await database.raw<{ rows: unknown[] }>(
    `UPDATE sessions SET
       status = coalesce(:status, status),
       reason = CASE WHEN :withReason THEN CAST(:reason AS jsonb) ELSE reason END,
       activity = coalesce(:activity, activity),
       steps = coalesce(CAST(:steps AS jsonb), steps),
       agent_session_id = coalesce(:agentSessionId, agent_session_id),
       agent_run = coalesce(:agentRun, agent_run),
       failed_generation = coalesce(:failedGeneration, failed_generation),
       last_active_at = CASE WHEN :used THEN now() ELSE last_active_at END,
       updated_at = now()
     WHERE id = :id AND lease_epoch = :epoch
     RETURNING pg_notify('berth_sessions', id)`,
    {
      id: lease.sessionId,
      epoch: String(lease.epoch),
      status: patch.status ?? null,
      withReason: patch.reason !== undefined,
      reason: patch.reason === undefined || patch.reason === null ? null : JSON.stringify(patch.reason),
      activity: patch.activity ?? null,
      steps: patch.steps === undefined ? null : JSON.stringify(patch.steps),
      agentSessionId: patch.agentSessionId ?? null,
      agentRun: patch.agentRun ?? null,
      failedGeneration: patch.failedGeneration ?? null,
      used: patch.used ?? false,
    },
  )
  if (rows.length === 0) throw staleLease(lease)
}

/**
 * Says that the wish of `generation` is fulfilled and nothing is left to drive. False when there is a newer wish.
 * @throws AppError `stale_lease`
 */
export async function settle(database: Database, lease: Lease, generation: number): Promise<boolean> {
  const { rows } = await database.raw<{ rows: { settled: boolean }[] }>(
    `UPDATE sessions SET pending = (generation <> :generation)
     WHERE id = :id AND lease_epoch = :epoch
     RETURNING NOT pending AS settled`,
    { id: lease.sessionId, epoch: String(lease.epoch), generation },
  )
  if (rows[0] === undefined) throw staleLease(lease)
  return rows[0].settled
}

/**
 * Sets the desired state to what the driver decides by itself (idle timeout). False when a person was faster: with another
 * desired state, with a prompt, or by any use of the session since it was `seen`. @throws AppError `stale_lease`
 */
export async function wishFenced(
  database: Database,
  lease: Lease,
  seen: { readonly generation: number; readonly lastActiveAt: number },
  to: { desired: Desired; status: SessionStatus; reason: Reason },
): Promise<boolean> {
  const { rows } = await database.raw<{ rows: unknown[] }>(
    // `seen.lastActiveAt` has no microseconds. It is what counts against a prompt that commits while this waits for it.
    `UPDATE sessions SET desired = :desired, status = :status, reason = CAST(:reason AS jsonb),
       generation = generation + 1, pending = true, updated_at = now()
     WHERE id = :id AND lease_epoch = :epoch AND generation = :generation
       AND last_active_at < to_timestamp((CAST(:lastActiveAt AS float8) + 1) / 1000)
       AND NOT EXISTS (SELECT FROM messages m
         WHERE m.session_id = :id AND (m.awaited OR m.delivery IN ('queued', 'sending')))
     RETURNING pg_notify('berth_sessions', id)`,
    {
      id: lease.sessionId,
      epoch: String(lease.epoch),
      generation: seen.generation,
      lastActiveAt: seen.lastActiveAt,
      ...to,
      reason: JSON.stringify(to.reason),
    },
  )
  if (rows.length > 0) return true
  await loadFenced(database, lease)
  return false
}

/** Takes the row and everything that hangs on it. @throws AppError `stale_lease` */
export async function deleteFenced(
  database: Database,
  lease: Lease,
  removeWorkload: (transaction: Database) => Promise<void>,
): Promise<void> {
  await withTransaction(database, async (transaction) => {
    const { rows } = await transaction.raw<{ rows: unknown[] }>(
      "SELECT 1 FROM sessions WHERE id = ? AND lease_epoch = ? AND desired = 'deleted' FOR UPDATE",
      [lease.sessionId, String(lease.epoch)],
    )
    if (rows.length === 0) throw staleLease(lease)
    await removeWorkload(transaction)
    await transaction.raw("DELETE FROM sessions WHERE id = ? RETURNING pg_notify('berth_sessions', id)", [
      lease.sessionId,
    ])
  })
}

/** Stopped sessions whose pod runs all the same get a driver again. Returns how many. */
export async function flagDrift(database: Database, sessionIds: readonly string[]): Promise<number> {
  if (sessionIds.length === 0) return 0
  const { rows } = await database.raw<{ rows: unknown[] }>(
    `UPDATE sessions SET pending = true
     WHERE id = ANY (?) AND NOT pending
       AND (desired = 'stopped' OR (desired = 'running' AND failed_generation = generation))
     RETURNING pg_notify('berth_sessions', id)`,
    [[...sessionIds]],
  )
  return rows.length
}
