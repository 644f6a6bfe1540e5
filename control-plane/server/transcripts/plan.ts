import type { AgentRequest, Change, Message, Part } from "./types.ts"

type Header = Omit<Message, "parts">

/**
 * What a batch leaves behind in the tables: of everything that it writes more than once, the last state. What is removed in
 * the same batch is stored all the same, and marked.
 */
export interface Plan {
  readonly messages: ReadonlyMap<string, Header>
  readonly parts: ReadonlyMap<string, { messageId: string; part: Part }>
  readonly requests: ReadonlyMap<string, AgentRequest>
  readonly removedMessages: ReadonlySet<string>
  readonly removedParts: ReadonlyMap<string, string>
  readonly openRequestIds: readonly string[] | null
}

/** The last state of everything that the changes touch. Deltas, notices and the like leave only events. */
export function planOf(changes: readonly Change[]): Plan {
  const messages = new Map<string, Header>()
  const parts = new Map<string, { messageId: string; part: Part }>()
  const requests = new Map<string, AgentRequest>()
  const removedMessages = new Set<string>()
  const removedParts = new Map<string, string>()
  let openRequestIds: readonly string[] | null = null
  for (const change of changes) {
    switch (change.type) {
      case "message.updated":
        messages.set(change.message.id, change.message)
        break
      case "message.removed":
        removedMessages.add(change.messageId)
        break
      case "part.updated":
        parts.set(change.part.id, { messageId: change.messageId, part: change.part })
        break
      case "part.removed":
        removedParts.set(change.partId, change.messageId)
        break
      case "request.updated":
        requests.set(change.request.id, change.request)
        break
      case "requests.listed":
        openRequestIds = change.openIds
        break
      default:
        break
    }
  }
  return { messages, parts, requests, removedMessages, removedParts, openRequestIds }
}

/** True when nothing but the event log is written. */
export function isLogOnly(changes: readonly Change[]): boolean {
  return changes.every(({ type }) => LOG_ONLY.has(type))
}

const LOG_ONLY: ReadonlySet<Change["type"]> = new Set([
  "part.delta",
  "todo.updated",
  "notice",
  "session.updated",
  "session.deleted",
])

/** A text that has begun and not ended. A user's has no times at all. */
export function isGrowing({ body }: Pick<Part, "body">): boolean {
  return body.text !== undefined && body.startedAt !== undefined && body.endedAt === undefined
}
