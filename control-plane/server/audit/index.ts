import type { Database } from "../database/index.ts"
import type { Logger, RequestContext } from "../observability/index.ts"
import { lastCheckpoint } from "./checkpoint-store.ts"
import { countAfter, findEvents, insertEvent } from "./store.ts"
import type { Audit, AuditLog } from "./types.ts"

export { deriveAuditKeys } from "./keys.ts"
export { createSealer } from "./sealer.ts"
export type { Audit, AuditFilters, AuditLog, AuditQuery } from "./types.ts"
export { verifyAudit } from "./verify.ts"

/** The audit log in PostgreSQL. With a context, events say which request they came from without being told. */
export function createAudit(parts: { database: Database; log: Logger; context?: RequestContext }): Audit {
  return {
    async record(told, within) {
      const event = { ...parts.context?.current(), ...told }
      if (within) return await insertEvent(within, event)
      try {
        await insertEvent(parts.database, event)
      } catch (error) {
        parts.log.error({ err: error, auditEvent: event }, "an audit event could not be stored")
      }
    },
  }
}

const PAGE_EVENTS = 500
/** A minute's events are a few hundred; more are a seal that does not work. */
const UNSEALED_EVENTS_MAX = 10_000

/** The same log, to be read. */
export function createAuditLog({ database }: { database: Database }): AuditLog {
  return {
    async seal() {
      const last = await lastCheckpoint(database)
      const unsealed = await countAfter(database, last?.lastId ?? 0, UNSEALED_EVENTS_MAX)
      if (last === null) return { checkpoint: null, unsealed }
      const { id, lastId, sealedAt, keyId } = last
      return { checkpoint: { id, lastId, sealedAt, keyId, digest: last.digest.toString("hex") }, unsealed }
    },
    async *pages(filters, signal) {
      let { cursor } = filters
      while (!signal.aborted) {
        const before = cursor === undefined ? {} : { cursor }
        const page = await findEvents(database, { ...filters, ...before, limit: PAGE_EVENTS })
        const last = page.at(-1)
        if (last === undefined) return
        yield page
        if (page.length < PAGE_EVENTS) return
        cursor = String(last.id)
      }
    },
    async list({ limit, ...query }) {
      const found = await findEvents(database, { ...query, limit: limit + 1 })
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return { items, nextCursor: found.length > limit && last ? String(last.id) : null }
    },
  }
}
