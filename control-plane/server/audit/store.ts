import type { Database } from "../database/index.ts"
import type { AuditEvent } from "./types.ts"

export async function insertEvent(database: Database, event: AuditEvent): Promise<void> {
  await database("audit_events").insert({
    actor_id: event.actorId,
    actor: event.actor,
    action: event.action,
    session_id: event.sessionId ?? null,
    request_id: event.requestId ?? null,
    address: event.address ?? null,
    outcome: event.outcome,
    facts: JSON.stringify(event.facts ?? {}),
  })
}
