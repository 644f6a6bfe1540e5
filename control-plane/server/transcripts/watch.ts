import { type Database, translateDatabaseError } from "../database/index.ts"
import type { Live } from "./live.ts"
import { readLog } from "./log-store.ts"
import type { SessionEvent } from "./types.ts"

const BATCH_EVENTS_MAX = 200

/** See `Transcripts.watch`. Between two batches a watcher holds nothing but its place in the log. */
export async function* watch(
  dependencies: { database: Database; live: Live },
  sessionId: string,
  afterSeq: number,
  signal: AbortSignal,
): AsyncGenerator<readonly SessionEvent[] | "reset"> {
  const { database, live } = dependencies
  // Acquired before the first read, so that nothing falls between.
  const tail = live.acquire(sessionId)
  let place = afterSeq
  let last: SessionEvent | undefined
  try {
    while (!signal.aborted) {
      const batch = tail.after(place, BATCH_EVENTS_MAX) ?? (await readBatch(database, sessionId, place))
      if (batch !== null && "head" in batch) {
        place = batch.head
        yield "reset"
        continue
      }
      if (batch === null || (batch.length === 0 && tail.gone)) {
        if (last?.change.type !== "session.deleted") yield [{ seq: place + 1, change: { type: "session.deleted" } }]
        return
      }
      if (batch.length === 0) {
        await tail.changed(place, signal)
      } else {
        last = batch.at(-1)
        place = last?.seq ?? place
        yield batch
      }
    }
  } finally {
    live.release(sessionId)
  }
}

/** Events from PostgreSQL; `{head}` when the log does not reach back to `place`, null when the session is gone. */
async function readBatch(
  database: Database,
  sessionId: string,
  place: number,
): Promise<readonly SessionEvent[] | { head: number } | null> {
  const log = await readLog(database, sessionId, place, BATCH_EVENTS_MAX).catch((error: unknown) => {
    throw translateDatabaseError(error)
  })
  if (log === null) return null
  const first = log.events[0]
  const reaches = first === undefined ? log.head === place : first.seq === place + 1
  return reaches ? log.events.map(({ seq, change }) => ({ seq, change })) : { head: log.head }
}
