import type { Database } from "../database/index.ts"
import type { MessageBody } from "./types.ts"

export interface NewPrompt {
  readonly sessionId: string
  readonly id: string
  readonly position: number
  readonly authorId: string
  readonly createdAt: number
}

/** Stores the head of a user's message as queued. Needs the session's lock. */
export async function insertPrompt(transaction: Database, prompt: NewPrompt): Promise<void> {
  await transaction("messages").insert({
    session_id: prompt.sessionId,
    id: prompt.id,
    position: prompt.position,
    role: "user",
    author_id: prompt.authorId,
    delivery: "queued",
    body: {},
    created_at: new Date(prompt.createdAt),
  })
}

/** Stores the text of a user's message; `seq` is the number of the event that tells of it. */
export async function insertText(
  transaction: Database,
  part: { sessionId: string; messageId: string; id: string; text: string; seq: number },
): Promise<void> {
  await transaction("parts").insert({
    session_id: part.sessionId,
    message_id: part.messageId,
    id: part.id,
    position: 0,
    type: "text",
    body: { text: part.text },
    seq: part.seq,
  })
}

/** Moves the session's counters and wakes the engine. Needs the session's lock. */
export async function notePrompt(
  transaction: Database,
  sessionId: string,
  head: { seq: number; position: number; lastMessage: unknown },
): Promise<void> {
  await transaction("sessions")
    .where({ id: sessionId })
    .update({
      event_seq: head.seq,
      message_position: head.position,
      last_message: JSON.stringify(head.lastMessage),
      pending: true,
      last_active_at: transaction.fn.now(),
    })
  await transaction.raw("SELECT pg_notify('berth_sessions', ?)", [sessionId])
}

/** Whether anything but waiting prompts stands after `position`: the agent wrote on while a prompt there waited. */
export async function wasAnsweredOver(transaction: Database, sessionId: string, position: number): Promise<boolean> {
  const later = await transaction("messages")
    .where({ session_id: sessionId })
    .andWhere("position", ">", position)
    .andWhereRaw("delivery IS DISTINCT FROM 'queued'")
    .first("id")
  return later !== undefined
}

export interface DeliveryPatch {
  readonly delivery: "queued" | "sending" | "sent" | "failed"
  /** Whether its end is awaited; absent: as before. */
  readonly awaited?: boolean
  readonly agentMessageId?: string
}

/** Changes delivery and place of a user's message. The agent's id is set once and then kept. */
export async function updateDelivery(
  transaction: Database,
  sessionId: string,
  id: string,
  patch: DeliveryPatch & { position: number; body?: MessageBody },
): Promise<void> {
  await transaction("messages")
    .where({ session_id: sessionId, id })
    .update({
      delivery: patch.delivery,
      position: patch.position,
      ...(patch.awaited === undefined ? {} : { awaited: patch.awaited }),
      ...(patch.delivery === "sending" ? { attempts: transaction.raw("attempts + 1") } : {}),
      ...(patch.body === undefined ? {} : { body: JSON.stringify(patch.body) }),
      ...(patch.agentMessageId === undefined
        ? {}
        : { agent_message_id: transaction.raw("coalesce(agent_message_id, ?)", [patch.agentMessageId]) }),
    })
}

/** The prompts that the agent was given and whose end is awaited, oldest first, and whether it has begun to answer. */
export async function readAwaited(transaction: Database, sessionId: string): Promise<{ id: string; begun: boolean }[]> {
  const { rows } = await transaction.raw<{ rows: { id: string; begun: boolean }[] }>(
    `SELECT m.id, EXISTS (
       SELECT FROM messages a WHERE a.session_id = m.session_id AND a.position > m.position AND a.role = 'assistant'
         AND a.agent_session_id IS NULL) AS begun
     FROM messages m WHERE m.session_id = ? AND ((m.awaited AND m.delivery = 'sent') OR m.delivery = 'sending') ORDER BY m.position`,
    [sessionId],
  )
  return rows
}
