import type { Database } from "../database/types.ts"
import type { Logger } from "../observability/index.ts"
import { addUsage, type UsageCount } from "./store.ts"

const FLUSH_EVERY_MS = 5_000
const PENDING_MAX = 5_000

/** Counts model requests by session and provider, and writes them in batches. */
export interface Usage {
  count(one: { sessionId: string; userId: string; provider: string; failed: boolean; bytes: number }): void
  /** Writes what is pending; counts are kept for the next time when the database cannot be reached. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Writes every 5 s until `close`. */
export function createUsage(options: { database: Database; log: Logger }): Usage {
  const { database, log } = options
  let pending = new Map<string, UsageCount>()
  let flushing = Promise.resolve()
  function merge(more: UsageCount): void {
    const key = `${more.sessionId} ${more.provider}`
    const known = pending.get(key)
    if (known === undefined && pending.size >= PENDING_MAX) return
    pending.set(key, {
      ...more,
      requests: more.requests + (known?.requests ?? 0),
      failedRequests: more.failedRequests + (known?.failedRequests ?? 0),
      responseBytes: more.responseBytes + (known?.responseBytes ?? 0),
    })
  }
  async function write(): Promise<void> {
    if (pending.size === 0) return
    const batch = pending
    pending = new Map()
    try {
      await addUsage(database, [...batch.values()])
    } catch (error) {
      log.warn({ err: error, counts: batch.size }, "model usage could not be written; it is kept for the next time")
      for (const count of batch.values()) merge(count)
    }
  }
  const flush = () => {
    flushing = flushing.then(write)
    return flushing
  }
  const timer = setInterval(flush, FLUSH_EVERY_MS)
  timer.unref()
  return {
    count: ({ failed, bytes, ...who }) =>
      merge({ ...who, requests: 1, failedRequests: failed ? 1 : 0, responseBytes: bytes }),
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
