import type { Database } from "../database/index.ts"
import { fenced } from "../leases/index.ts"
import type { Lease } from "../leases/types.ts"
import { completed } from "./history.ts"
import {
  chunks,
  PARTS_AT_ONCE,
  readOpenPartIds,
  readParts,
  readRequests,
  readUnfinished,
  type StoredHeader,
} from "./message-store.ts"
import { isGrowing } from "./plan.ts"
import { queueUnanswered } from "./prompts.ts"
import type { Change, Part } from "./types.ts"
import { writeRows } from "./write.ts"

const MESSAGES_AT_ONCE = 100
/** Nothing that an agent has left behind may hold up its session for ever. */
const ROUNDS_MAX = 200

/**
 * After the pod went away: messages that the agent was writing, tools that ran and requests that waited get their final
 * state; a text that was growing is stored as far as it came; a prompt that waited for its answer is queued again.
 * `events`: how many that made; `unanswered`: how many prompts were without the end of their answer.
 * @throws AppError `stale_lease`
 */
export async function markInterrupted(
  database: Database,
  lease: Lease,
): Promise<{ events: number; unanswered: number }> {
  return await fenced(database, lease, async (transaction) => {
    const unanswered = await queueUnanswered(transaction, lease)
    let count = 0
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const messages = await readUnfinished(transaction, lease.sessionId, MESSAGES_AT_ONCE)
      if (messages.length === 0) break
      count += await endMessages(transaction, lease, messages)
    }
    const open = await readRequests(transaction, lease.sessionId, "open")
    const withdrawn = open.map(
      (request): Change => ({ type: "request.updated", request: { ...request, state: "withdrawn" } }),
    )
    if (withdrawn.length > 0) count += await writeRows(transaction, lease, withdrawn)
    return { events: count + unanswered, unanswered }
  })
}

async function endMessages(transaction: Database, lease: Lease, messages: readonly StoredHeader[]): Promise<number> {
  const { sessionId } = lease
  let count = 0
  const open = await readOpenPartIds(
    transaction,
    sessionId,
    messages.map(({ id }) => id),
  )
  for (const ids of chunks(open, PARTS_AT_ONCE)) {
    const parts = await completed(transaction, sessionId, await readParts(transaction, sessionId, ids, "id"))
    const changes = parts.flatMap(({ messageId, seq: _, ...part }): Change[] => {
      const ended = endedPart(part)
      return ended === undefined ? [] : [{ type: "part.updated", messageId, part: ended }]
    })
    if (changes.length > 0) count += await writeRows(transaction, lease, changes)
  }
  const ended = messages.map(({ position: _, ...message }): Change => {
    return { type: "message.updated", message: { ...message, body: { ...message.body, interrupted: true } } }
  })
  return count + (await writeRows(transaction, lease, ended))
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
