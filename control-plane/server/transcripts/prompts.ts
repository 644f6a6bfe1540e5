import { randomName } from "../crypto/index.ts"
import { type Database, withTransaction } from "../database/index.ts"
import { AppError } from "../errors/index.ts"
import { staleLease } from "../leases/index.ts"
import type { Lease } from "../leases/types.ts"
import type { Clock } from "../time/index.ts"
import { readMessage, readParts } from "./message-store.ts"
import {
  type DeliveryPatch,
  insertPrompt,
  insertText,
  notePrompt,
  readAwaited,
  updateDelivery,
  wasAnsweredOver,
} from "./prompt-store.ts"
import type { Change, Message, MessageBody } from "./types.ts"
import { type Head, lockSession, writeBatch } from "./write-store.ts"

const LAST_MESSAGE_CHARS_MAX = 200

/**
 * Stores a user's message as queued and wakes the engine. `first` runs before it in the same transaction.
 * @throws AppError `not_found` without such a session, `idempotency_mismatch` when the id is another message's
 */
export async function queuePrompt(
  database: Database,
  clock: Clock,
  input: { sessionId: string; id: string; authorId: string; text: string },
  first: (transaction: Database) => Promise<void> = async () => undefined,
): Promise<Message> {
  const { sessionId, id, authorId } = input
  const text = input.text.replaceAll("\0", "\uFFFD").toWellFormed()
  return await withTransaction(database, async (transaction) => {
    await first(transaction)
    const head = await lockSession(transaction, sessionId, null)
    if (head === null) throw new AppError("not_found", "There is no such session.")
    const before = await readPrompt(transaction, sessionId, id)
    if (before !== null) return sameOrThrow(before, authorId, text)
    const createdAt = Math.trunc(clock.now())
    const position = head.position + 1
    const part = { id: `prt_${randomName(20)}`, type: "text" as const, body: { text } }
    const header = { id, role: "user", agentSessionId: null, authorId, createdAt, completedAt: null, body: {} } as const
    const queued = { ...header, delivery: "queued" } as const
    await insertPrompt(transaction, { sessionId, id, position, authorId, createdAt })
    await insertText(transaction, { sessionId, messageId: id, id: part.id, text, seq: head.seq + 2 })
    const changes: Change[] = [
      { type: "message.updated", message: queued },
      { type: "part.updated", messageId: id, part },
    ]
    await log(transaction, sessionId, { ...head, position }, changes)
    const lastMessage = { role: "user", text: text.slice(0, LAST_MESSAGE_CHARS_MAX).toWellFormed(), at: createdAt }
    await notePrompt(transaction, sessionId, { seq: head.seq + 2, position, lastMessage })
    return { ...queued, parts: [part] }
  })
}

async function readPrompt(transaction: Database, sessionId: string, id: string): Promise<Message | null> {
  const found = await readMessage(transaction, sessionId, id)
  if (found === null) return null
  const { position: _, ...header } = found
  const parts = await readParts(transaction, sessionId, [id])
  return { ...header, parts: parts.map(({ messageId: _message, seq: _seq, ...part }) => part) }
}

function sameOrThrow(message: Message, authorId: string, text: string): Message {
  if (message.role === "user" && message.authorId === authorId && message.parts[0]?.body.text === text) return message
  throw new AppError("idempotency_mismatch", "This id was already used for another message.")
}

/**
 * Notes what became of a prompt, under the lease, and tells the watchers.
 * @throws AppError `stale_lease`; `not_found` without such a message
 */
export async function setDelivery(
  database: Database,
  lease: Lease,
  messageId: string,
  patch: DeliveryPatch & { error?: NonNullable<MessageBody["error"]> },
): Promise<void> {
  await withTransaction(database, async (transaction) => {
    const head = await lockSession(transaction, lease.sessionId, lease.epoch)
    if (head === null) throw staleLease(lease)
    const found = await readMessage(transaction, lease.sessionId, messageId)
    if (found === null) throw new AppError("not_found", "There is no such message.")
    const { position: before, ...header } = found
    // A prompt that waited while the agent was busy is read where the agent takes it up, not in the middle of the turn
    // during which it was written.
    const takenUp = header.delivery === "queued" && patch.delivery === "sending"
    const moves = takenUp && (await wasAnsweredOver(transaction, lease.sessionId, before))
    const position = moves ? head.position + 1 : before
    const body = patch.error === undefined ? header.body : { ...header.body, error: patch.error }
    const { error: _error, ...columns } = patch
    await updateDelivery(transaction, lease.sessionId, messageId, { ...columns, position, body })
    const message = { ...header, delivery: patch.delivery, body }
    if (header.delivery !== patch.delivery) {
      const moved = { ...head, position: Math.max(head.position, position) }
      await log(transaction, lease.sessionId, moved, [{ type: "message.updated", message }])
    }
  })
}

/**
 * After the agent's process ended: a prompt that it had not begun to answer is queued again under the same id, so that the
 * next process gets it; one that it had begun is over. Returns how many there were. Joins the caller's transaction.
 * @throws AppError `stale_lease`
 */
export async function queueUnanswered(transaction: Database, lease: Lease): Promise<number> {
  const awaited = await readAwaited(transaction, lease.sessionId)
  for (const { id, begun } of awaited) {
    await setDelivery(transaction, lease, id, begun ? { delivery: "sent", awaited: false } : { delivery: "queued" })
  }
  return awaited.length
}

async function log(transaction: Database, sessionId: string, head: Head, changes: readonly Change[]): Promise<void> {
  await writeBatch(transaction, sessionId, {
    messages: [],
    parts: [],
    requests: [],
    log: changes.map((change, index) => ({ seq: head.seq + index + 1, type: change.type, body: change })),
    head: { seq: head.seq + changes.length, position: head.position },
    lastMessage: null,
  })
}
