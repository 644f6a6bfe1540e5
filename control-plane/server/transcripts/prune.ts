import { type Database, withTransaction } from "../database/index.ts"
import { completed } from "./history.ts"
import { deleteLog, readExpired } from "./log-store.ts"
import { chunks, PARTS_AT_ONCE, readGrowingIds, readParts, storeText } from "./message-store.ts"
import { lockSession } from "./write-store.ts"

const SESSIONS_AT_ONCE_MAX = 500
/** Deleted in one transaction: it holds up the session's own writer, and a statement may not run for ever. */
const EVENTS_AT_ONCE = 10_000

/**
 * Deletes events older than `age_ms`, session by session. Deltas of a text that never ended are first put into the text
 * itself, so that the history stays whole. Returns how many events are gone. A session where that fails does not keep the
 * others' from being deleted.
 * @throws Error the first failure, after all the others were tried
 */
export async function prune(database: Database, age_ms: number): Promise<number> {
  let count = 0
  const failures: unknown[] = []
  for (const { sessionId, first, last } of await readExpired(database, age_ms, SESSIONS_AT_ONCE_MAX)) {
    try {
      for (let done = first - 1; done < last; done += EVENTS_AT_ONCE) {
        const seq = Math.min(done + EVENTS_AT_ONCE, last)
        count += await withTransaction(database, async (transaction) => await pruneSession(transaction, sessionId, seq))
      }
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return count
}

async function pruneSession(transaction: Database, sessionId: string, seq: number): Promise<number> {
  const head = await lockSession(transaction, sessionId, null)
  if (head === null) return 0
  const growing = await readGrowingIds(transaction, sessionId, seq)
  for (const ids of chunks(growing, PARTS_AT_ONCE)) {
    const stored = await readParts(transaction, sessionId, ids, "id")
    const whole = await completed(transaction, sessionId, stored)
    for (const [index, part] of whole.entries()) {
      if (part !== stored[index]) await storeText(transaction, sessionId, { ...part, seq: head.seq })
    }
  }
  return await deleteLog(transaction, sessionId, seq)
}
