import { type Database, withTransaction } from "../database/index.ts"
import { staleLease } from "../leases/index.ts"
import { foldText } from "./fold.ts"
import { byPartId, readDeltas } from "./log-store.ts"
import { isLogOnly, type Plan, planOf } from "./plan.ts"
import type { AgentRequest, Change } from "./types.ts"
import {
  appendLog,
  type Batch,
  type Head,
  inspect,
  type LastMessage,
  lockSession,
  markRemoved,
  type Stored,
  writeBatch,
} from "./write-store.ts"

/** Who may write: the holder of a lease, or (epoch null) anyone who took the row's lock. */
export interface Fence {
  readonly sessionId: string
  readonly epoch: bigint | null
}

/**
 * Applies changes and appends those that change something to the log. Returns how many events were appended: none for a
 * session that is gone when there is no fence.
 * @throws AppError `stale_lease` when the session is gone or driven by another replica; nothing is written then
 */
export async function write(database: Database, fence: Fence, changes: readonly Change[]): Promise<number> {
  if (changes.length === 0) return 0
  if (isLogOnly(changes)) {
    const written = await appendLog(database, fence.sessionId, fence.epoch, changes.map(entryOf))
    return written ? changes.length : refused(fence)
  }
  return await withTransaction(database, async (transaction) => await writeRows(transaction, fence, changes))
}

/** The same inside the caller's transaction, for changes that also touch rows. */
export async function writeRows(transaction: Database, fence: Fence, changes: readonly Change[]): Promise<number> {
  const { sessionId } = fence
  const head = await lockSession(transaction, sessionId, fence.epoch)
  if (head === null) return refused(fence)
  const plan = planOf(changes)
  const stored = await inspect(transaction, sessionId, plan)
  const stale = await staleTexts(transaction, sessionId, plan, stored)
  const batch = batchOf(head, changes, plan, new Known(stored, plan, stale))
  if (batch.log.length > 0) await writeBatch(transaction, sessionId, batch)
  return batch.log.length + (await removeFrom(transaction, fence, plan))
}

/** After everything else of the batch, so that what came and went in one batch is stored, and marked, too. */
async function removeFrom(transaction: Database, { sessionId }: Fence, plan: Plan): Promise<number> {
  if (plan.removedMessages.size + plan.removedParts.size === 0) return 0
  const removed = await markRemoved(transaction, sessionId, plan)
  const changes: Change[] = [...removed.messages].map((messageId) => {
    return { type: "message.removed", messageId, removedAt: removed.at }
  })
  for (const [partId, messageId] of plan.removedParts) {
    if (removed.parts.has(partId)) changes.push({ type: "part.removed", messageId, partId, removedAt: removed.at })
  }
  if (changes.length > 0) await appendLog(transaction, sessionId, null, changes.map(entryOf))
  return changes.length
}

function refused(fence: Fence): number {
  if (fence.epoch === null) return 0
  throw staleLease({ ...fence, epoch: fence.epoch })
}

function entryOf(change: Change): { type: string; body: Change } {
  return { type: change.type, body: change }
}

/**
 * Growing texts that a snapshot of the agent shows shorter than what watchers have already seen: the agent does not
 * store a text while it grows. Taking it would make the text jump back.
 */
async function staleTexts(transaction: Database, sessionId: string, plan: Plan, stored: Stored): Promise<Set<string>> {
  const growing = stored.parts.filter(({ text, same }) => text !== null && !same)
  if (growing.length === 0) return new Set()
  const deltas = byPartId(await readDeltas(transaction, sessionId, growing))
  return new Set(
    growing.flatMap(({ id, seq, text }) => {
      const own = (deltas.get(id) ?? []).filter((delta) => delta.seq > seq)
      const incoming = plan.parts.get(id)?.part.body.text ?? ""
      return foldText(text ?? "", own).startsWith(incoming) ? [id] : []
    }),
  )
}

/** What is known of the things in a batch: whether a change of one is news and may be made. */
class Known {
  readonly #plan: Plan
  readonly #messages: Map<string, Stored["messages"][number]>
  readonly #dull: ReadonlySet<string>
  readonly open: Stored["open"]

  constructor(stored: Stored, plan: Plan, staleTexts: ReadonlySet<string>) {
    this.#plan = plan
    this.#messages = new Map(stored.messages.map((row) => [row.id, row]))
    const same = [...stored.parts, ...stored.requests].filter((row) => row.same).map(({ id }) => id)
    this.#dull = new Set([...same, ...staleTexts])
    this.open = stored.open
  }

  /** Not a user's own message, and not with another role than before. */
  mayWriteMessage(id: string): boolean {
    const row = this.#messages.get(id)
    const planned = this.#plan.messages.get(id)
    return row === undefined || (!row.ours && (planned === undefined || planned.role === row.role))
  }

  mayWritePart(messageId: string): boolean {
    return this.mayWriteMessage(messageId) && (this.#messages.has(messageId) || this.#plan.messages.has(messageId))
  }

  isNews(change: Change): boolean {
    switch (change.type) {
      case "message.updated":
        return this.mayWriteMessage(change.message.id) && this.#messages.get(change.message.id)?.same !== true
      case "part.updated":
        return this.mayWritePart(change.messageId) && !this.#dull.has(change.part.id)
      case "request.updated":
        return !this.#dull.has(change.request.id)
      case "message.removed":
      case "part.removed":
        return false
      default:
        return true
    }
  }

  /** Whether it is said in the session's own conversation by the agent, not by a sub-agent. */
  isOwnAnswer(messageId: string): boolean {
    const planned = this.#plan.messages.get(messageId)
    if (planned !== undefined) return planned.role === "assistant" && planned.agentSessionId === null
    const row = this.#messages.get(messageId)
    return row?.role === "assistant" && row.agent_session_id === null
  }
}

function batchOf(head: Head, changes: readonly Change[], plan: Plan, known: Known): Batch {
  const withdrawn = withdrawals(plan, known)
  const news = changes.flatMap((change): readonly Change[] =>
    change.type === "requests.listed" ? withdrawn : known.isNews(change) ? [change] : [],
  )
  const log = news.map((change, index) => ({ seq: head.seq + index + 1, ...entryOf(change) }))
  const messages: Batch["messages"][number][] = []
  const parts: Batch["parts"][number][] = []
  const requests = new Map<string, AgentRequest>()
  let position = head.position
  let lastMessage: LastMessage | null = null
  const seen = new Set<string>()
  const firstSeq = new Map<string, number>()
  for (const [index, change] of news.entries()) {
    const seq = head.seq + index + 1
    if (change.type === "request.updated") requests.set(change.request.id, change.request)
    if (change.type === "message.updated" && !seen.has(change.message.id)) {
      seen.add(change.message.id)
      const header = plan.messages.get(change.message.id)
      if (header !== undefined) messages.push({ header, position: ++position })
    }
    if (change.type !== "part.updated") continue
    const { part, messageId } = change
    if (!firstSeq.has(part.id)) firstSeq.set(part.id, seq)
    // Of several states in one batch the last is stored, at the place of the first.
    if (plan.parts.get(part.id)?.part === part) {
      parts.push({ messageId, part, position: firstSeq.get(part.id) ?? seq, seq })
      lastMessage = lastMessageOf(change, known) ?? lastMessage
    }
  }
  const last = { seq: head.seq + news.length, position }
  return { messages, parts, requests: [...requests.values()], log, head: last, lastMessage }
}

/** Requests that are stored as open and that the agent no longer has. */
function withdrawals(plan: Plan, known: Known): Change[] {
  const listed = new Set(plan.openRequestIds)
  return known.open
    .filter(({ id }) => !listed.has(id) && !plan.requests.has(id))
    .map(({ id, kind, body, created_at }) => ({
      type: "request.updated",
      request: { id, kind, body, state: "withdrawn", createdAt: created_at, answer: null },
    }))
}

const LAST_MESSAGE_CHARS_MAX = 200

function lastMessageOf(change: Extract<Change, { type: "part.updated" }>, known: Known): LastMessage | null {
  const { type, body } = change.part
  if (type !== "text" || !body.text || body.endedAt === undefined || !known.isOwnAnswer(change.messageId)) return null
  return { role: "assistant", text: body.text.slice(0, LAST_MESSAGE_CHARS_MAX).toWellFormed(), at: body.endedAt }
}
