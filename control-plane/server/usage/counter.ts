import { Counter } from "prom-client"
import type { Database } from "../database/types.ts"
import type { Logger, Metrics } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { DAY_MS, dayOf } from "./day.ts"
import { addUsage, removeUsageBefore, type UsageCount } from "./store.ts"

const FLUSH_EVERY_MS = 5_000
const PENDING_MAX = 5_000
const KEPT_DAYS = 400
const PRUNE_EVERY_MS = 3_600_000

/** Counts model requests by session, provider and day, and writes them in batches. */
export interface Usage {
  count(one: { sessionId: string; userId: string; provider: string; failed: boolean; bytes: number }): void
  /** Writes what is pending; counts are kept for the next time when the database cannot be reached. */
  flush(): Promise<void>
  /** Takes away the figures of days that are past their 400 days. */
  prune(): Promise<void>
  close(): Promise<void>
}

/** Writes every 5 s until `close`, and looks once an hour for what is past its time. */
export function createUsage(options: { database: Database; log: Logger; clock: Clock; metrics: Metrics }): Usage {
  const { database, log, clock } = options
  const figures = createFigures(options.metrics)
  let pending = new Map<string, UsageCount>()
  let flushing = Promise.resolve()
  function merge(more: UsageCount): void {
    const key = `${more.sessionId} ${more.provider} ${more.day}`
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
  const prune = () => removeUsageBefore(database, dayOf(clock.now() - KEPT_DAYS * DAY_MS))
  const timers = [
    setInterval(flush, FLUSH_EVERY_MS),
    setInterval(() => {
      prune().catch((error: unknown) => log.warn({ err: error }, "old model usage could not be taken away"))
    }, PRUNE_EVERY_MS),
  ]
  for (const timer of timers) timer.unref()
  return {
    count({ failed, bytes, ...who }) {
      figures(who.provider, failed, bytes)
      const day = dayOf(clock.now())
      merge({ ...who, day, requests: 1, failedRequests: failed ? 1 : 0, responseBytes: bytes })
    },
    flush,
    prune,
    async close() {
      for (const timer of timers) clearInterval(timer)
      await flush()
    },
  }
}

/** The same for operators, by provider: users and sessions are no labels. */
function createFigures(metrics: Metrics): (provider: string, failed: boolean, bytes: number) => void {
  const requests = new Counter({
    name: "berth_broker_model_requests_total",
    help: "Model requests of sessions that went to a provider, by provider and outcome (ok, failed).",
    labelNames: ["provider", "outcome"],
    registers: [metrics],
  })
  const responseBytes = new Counter({
    name: "berth_broker_model_response_bytes_total",
    help: "Bytes that providers answered to sessions.",
    labelNames: ["provider"],
    registers: [metrics],
  })
  return (provider, failed, bytes) => {
    requests.inc({ provider, outcome: failed ? "failed" : "ok" })
    responseBytes.inc({ provider }, bytes)
  }
}
