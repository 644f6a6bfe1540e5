import { translateDatabaseError } from "./errors.ts"
import type { Database } from "./types.ts"

/** Keys of PostgreSQL advisory locks; the first half says that they are ours. */
const LOCK_SPACE = 0x62657274 // "bert"
export const LOCKS = { migrate: 1, orphanSweep: 2 } as const

/** For statements that may take longer than any of a request: the answer is waited for a day. */
export const UNHURRIED = { query_timeout: 24 * 60 * 60 * 1000 } as const

/**
 * Runs `work` in one transaction and returns its result; any error rolls everything back.
 * Called with a transaction it joins that one instead of opening a nested one.
 * @throws AppError `unavailable` when PostgreSQL cannot be reached or asks to try again.
 */
export async function withTransaction<T>(database: Database, work: (transaction: Database) => Promise<T>): Promise<T> {
  if (database.isTransaction) return await work(database)
  try {
    return await database.transaction(work)
  } catch (error) {
    throw translateDatabaseError(error)
  }
}

/**
 * Runs `work` while this process alone, among all replicas, holds the lock `key`. Returns false at once, without
 * running it, when another one has it. The lock goes with the connection, so that a killed process leaves none.
 */
export async function withElection(
  database: Database,
  key: keyof typeof LOCKS,
  work: (transaction: Database) => Promise<void>,
): Promise<boolean> {
  return await withTransaction(database, async (transaction) => {
    const { rows } = await transaction.raw<{ rows: { held: boolean }[] }>(
      "SELECT pg_try_advisory_xact_lock(?::int, ?::int) AS held",
      [LOCK_SPACE, LOCKS[key]],
    )
    if (rows[0]?.held !== true) return false
    await work(transaction)
    return true
  })
}

/** Waits for the lock `key`, however long that takes, which is then held until the end of `transaction`. */
export async function lockFor(transaction: Database, key: keyof typeof LOCKS): Promise<void> {
  await transaction.raw("SELECT pg_advisory_xact_lock(?::int, ?::int)", [LOCK_SPACE, LOCKS[key]]).options(UNHURRIED)
}
