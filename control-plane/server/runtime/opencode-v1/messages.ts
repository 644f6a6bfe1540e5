import type { Message, MessageBody } from "../../transcripts/types.ts"
import { amount, defined, type Fields, fields, id, text, time } from "./clean.ts"
import { explainError } from "./errors.ts"
import { LIMITS } from "./limits.ts"

export type Header = Omit<Message, "parts">

export interface ReadMessage {
  readonly sessionId: string
  /** Of an answer: the user's message that it belongs to. */
  readonly parentId: string | undefined
  readonly message: Header
}

/**
 * The head of a message of OpenCode (`info`) in our terms. `summary.diffs` (1.15 MB in one event after a turn over 2,000
 * files) is not read. `rootSessionId` is the conversation of the session itself; others are sub-agents.
 */
export function readMessage(raw: unknown, rootSessionId: string): ReadMessage | undefined {
  const wire = fields(raw)
  const messageId = id(wire.id, "msg")
  const sessionId = id(wire.sessionID, "ses")
  if (messageId === undefined || sessionId === undefined) return undefined
  if (wire.role !== "user" && wire.role !== "assistant") return undefined
  const times = fields(wire.time)
  const agentSessionId = sessionId === rootSessionId ? null : sessionId
  const common = { id: messageId, agentSessionId, authorId: null, createdAt: time(times.created) ?? 0 }
  const message: Header =
    wire.role === "user"
      ? {
          ...common,
          role: "user",
          origin: "agent",
          delivery: agentSessionId === null ? "sent" : null,
          completedAt: null,
          body: {},
        }
      : {
          ...common,
          role: "assistant",
          delivery: null,
          completedAt: time(times.completed) ?? null,
          body: readBody(wire),
        }
  return { sessionId, parentId: id(wire.parentID, "msg"), message }
}

function readBody(wire: Fields): MessageBody {
  const provider = text(wire.providerID, LIMITS.name_chars_max)
  const model = text(wire.modelID, LIMITS.name_chars_max)
  return defined<MessageBody>({
    model: provider === undefined || model === undefined ? undefined : { provider, id: model },
    cost: amount(wire.cost, 1e9),
    tokens: readTokens(wire.tokens),
    finish: text(wire.finish, 100),
    error: wire.error === undefined || wire.error === null ? undefined : explainError(wire.error),
    interrupted: undefined,
  })
}

function readTokens(raw: unknown): NonNullable<MessageBody["tokens"]> {
  const wire = fields(raw)
  const cache = fields(wire.cache)
  return {
    input: amount(wire.input) ?? 0,
    output: amount(wire.output) ?? 0,
    reasoning: amount(wire.reasoning) ?? 0,
    cacheRead: amount(cache.read) ?? 0,
    cacheWrite: amount(cache.write) ?? 0,
  }
}
