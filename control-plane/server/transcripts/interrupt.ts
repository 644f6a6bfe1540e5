import { type Database, withTransaction } from "../database/index.ts"
import type { Lease } from "../sessions/types.ts"
import { wholeParts } from "./history.ts"
import { readRequests, readUnfinished } from "./message-store.ts"
import { isGrowing } from "./plan.ts"
import type { Change, Part } from "./types.ts"
import { staleLease, writeRows } from "./write.ts"
import { lockSession } from "./write-store.ts"

/**
 * After the pod went away: messages that the agent was writing, tools that ran and requests that waited get their final
 * state; a text that was growing is stored as far as it came. Returns how many events that made.
 * @throws AppError `stale_lease`
 */
export async function markInterrupted(database: Database, lease: Lease): Promise<number> {
  return await withTransaction(database, async (transaction) => {
    if ((await lockSession(transaction, lease.sessionId, lease.epoch)) === null) throw staleLease()
    const unfinished = await readUnfinished(transaction, lease.sessionId)
    const ids = unfinished.map(({ id }) => id)
    const parts = await wholeParts(transaction, lease.sessionId, ids)
    const changes: Change[] = []
    for (const { position: _, ...message } of unfinished) {
      for (const part of parts.get(message.id) ?? []) {
        const ended = endedPart(part)
        if (ended !== undefined) changes.push({ type: "part.updated", messageId: message.id, part: ended })
      }
      changes.push({ type: "message.updated", message: { ...message, body: { ...message.body, interrupted: true } } })
    }
    for (const request of await readRequests(transaction, lease.sessionId, "open")) {
      changes.push({ type: "request.updated", request: { ...request, state: "withdrawn" } })
    }
    if (changes.length === 0) return 0
    return await writeRows(transaction, lease, changes)
  })
}

/** Undefined when the part has ended already. */
function endedPart(part: Part): Part | undefined {
  const { tool, startedAt } = part.body
  if (tool?.status === "pending" || tool?.status === "running") {
    return { ...part, body: { ...part.body, tool: { ...tool, status: "interrupted" } } }
  }
  // It gets an end, so that it no longer counts as growing; its start is the only time that is known.
  return isGrowing(part) && startedAt !== undefined
    ? { ...part, body: { ...part.body, endedAt: startedAt } }
    : undefined
}
