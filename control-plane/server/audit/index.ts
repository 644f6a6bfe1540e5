import type { Database } from "../database/index.ts"
import type { Logger } from "../observability/index.ts"
import { insertEvent } from "./store.ts"
import type { Audit } from "./types.ts"

export type { Audit, AuditEvent } from "./types.ts"

/** The audit log in PostgreSQL. */
export function createAudit(parts: { database: Database; log: Logger }): Audit {
  return {
    async record(event, within) {
      if (within) return await insertEvent(within, event)
      try {
        await insertEvent(parts.database, event)
      } catch (error) {
        parts.log.error({ err: error, auditEvent: event }, "an audit event could not be stored")
      }
    },
  }
}
