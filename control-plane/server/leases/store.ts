import { withTransaction } from "../database/index.ts"
import type { Database } from "../database/types.ts"
import { AppError } from "../errors/index.ts"
import type { Lease } from "./types.ts"

/** What a writer gets whose lease is no longer the session's. `detail` is for the log. */
export function staleLease({ sessionId, epoch }: Pick<Lease, "sessionId" | "epoch">, detail?: string): AppError {
  return new AppError("stale_lease", "Another replica drives this session.", {
    detail: [sessionId, `epoch ${epoch}`, detail].filter((part) => part !== undefined).join(" "),
  })
}

/**
 * Runs `work` in a transaction that holds the session's row under the lease: until it ends, no other replica can take the
 * lease, and nobody can change the session.
 * @throws AppError `stale_lease` when the lease is another's or the session is gone
 */
export async function fenced<T>(
  database: Database,
  lease: Lease,
  work: (transaction: Database) => Promise<T>,
): Promise<T> {
  return await withTransaction(database, async (transaction) => {
    // As every change of the row locks it; rows that only refer to the session can be written meanwhile.
    const { rows } = await transaction.raw<{ rows: unknown[] }>(
      "SELECT 1 FROM sessions WHERE id = ? AND lease_epoch = ? FOR NO KEY UPDATE",
      [lease.sessionId, String(lease.epoch)],
    )
    if (rows.length === 0) throw staleLease(lease)
    return await work(transaction)
  })
}
