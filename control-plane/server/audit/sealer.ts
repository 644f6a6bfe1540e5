import { sign } from "node:crypto"
import { type Database, withTransaction } from "../database/index.ts"
import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { type Checkpoint, canonical, NO_PREVIOUS, startDigest } from "./checkpoint.ts"
import { highestSettledId, insertCheckpoint, lastCheckpoint, removeBefore, takeTurn } from "./checkpoint-store.ts"
import type { AuditKeys } from "./keys.ts"
import { readRange } from "./store.ts"

const EVENTS_MAX = 5_000
const EVERY_MS = 60_000
const DAY_MS = 24 * 3_600_000

export interface SealerParts {
  readonly database: Database
  readonly keys: AuditKeys
  readonly clock: Clock
  readonly log: Logger
  readonly retention_days: number
}

/** Seals the audit log once a minute, and takes away what is past retention. One replica at a time. */
export interface Sealer {
  start(): void
  stop(): Promise<void>
  /** Seals what is not sealed yet, up to 5,000 events. Answers how many; null when another replica is at it. */
  seal(): Promise<number | null>
  /** Takes away whole checkpoints' events that are older than the retention. */
  prune(): Promise<void>
}

/** A sealer that does nothing until it is started or asked. */
export function createSealer(parts: SealerParts): Sealer {
  const { clock, log } = parts
  const stopping = new AbortController()
  let running = Promise.resolve()

  async function seal(): Promise<number | null> {
    // In a transaction of its own: writers wait only while it looks, not while the events are read.
    const settled = await withTransaction(parts.database, highestSettledId)
    return await withTransaction(parts.database, async (transaction) => {
      if (!(await takeTurn(transaction))) return null
      return await sealNext(transaction, settled, parts.keys, clock.now())
    })
  }

  async function prune(): Promise<void> {
    await withTransaction(parts.database, async (transaction) => {
      if (!(await takeTurn(transaction))) return
      const now = clock.now()
      const events = await removeBefore(transaction, now - parts.retention_days * DAY_MS, now)
      if (events > 0) log.info({ events }, "audit events past their retention have been removed")
    })
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        while ((await seal()) === EVENTS_MAX);
        await prune()
      } catch (error) {
        // Writers that take long, a database that is away: the next minute is as good.
        log.warn({ err: error }, "the audit log could not be sealed")
      }
      await clock.sleep(EVERY_MS, stopping.signal).catch(() => undefined)
    }
  }

  return {
    seal,
    prune,
    start() {
      running = run()
    },
    async stop() {
      stopping.abort(new Error("stopping"))
      await running
    },
  }
}

async function sealNext(transaction: Database, settled: number, keys: AuditKeys, now: number): Promise<number> {
  const before = await lastCheckpoint(transaction)
  const events = await readRange(transaction, {
    firstId: (before?.lastId ?? 0) + 1,
    lastId: settled,
    limit: EVENTS_MAX,
  })
  const last = events.at(-1)
  if (last === undefined) return 0
  const header = {
    id: (before?.id ?? 0) + 1,
    // From where the last one ended: an event that turns up in between later is seen as one too many.
    firstId: (before?.lastId ?? 0) + 1,
    lastId: last.id,
    previous: before?.digest ?? NO_PREVIOUS,
    sealedAt: now,
  }
  const hash = startDigest(header)
  for (const event of events) hash.update(canonical(event))
  const digest = hash.digest()
  const checkpoint: Checkpoint = {
    ...header,
    events: events.length,
    digest,
    keyId: keys.active.id,
    signature: sign(null, digest, keys.active.key),
    removedAt: null,
  }
  await insertCheckpoint(transaction, checkpoint)
  return events.length
}
