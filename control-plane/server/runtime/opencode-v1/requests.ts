import type { AgentRequest } from "../../transcripts/types.ts"
import { defined, fields, id, list, text, texts } from "./clean.ts"
import { LIMITS } from "./limits.ts"

export interface ReadRequest {
  readonly sessionId: string
  readonly request: AgentRequest
}

type Body = AgentRequest["body"]

/** An open `permission.asked` event's properties or an element of `GET /permission`. */
export function readPermission(raw: unknown, now: number): ReadRequest | undefined {
  const wire = fields(raw)
  const requestId = id(wire.id, "per")
  const sessionId = id(wire.sessionID, "ses")
  if (requestId === undefined || sessionId === undefined) return undefined
  const metadata = fields(wire.metadata)
  const body = defined<Body>({
    permission: text(wire.permission, LIMITS.name_chars_max) ?? "unknown",
    patterns: texts(wire.patterns, LIMITS.list_items_max, LIMITS.message_chars_max),
    always: texts(wire.always, LIMITS.list_items_max, LIMITS.message_chars_max),
    command: text(metadata.command, LIMITS.input_chars_max),
    diff: text(metadata.diff, LIMITS.diff_chars_max),
    questions: undefined,
  })
  return {
    sessionId,
    request: { id: requestId, kind: "permission", state: "open", createdAt: now, body, answer: null },
  }
}

/** An open `question.asked` event's properties or an element of `GET /question`. */
export function readQuestion(raw: unknown, now: number): ReadRequest | undefined {
  const wire = fields(raw)
  const requestId = id(wire.id, "que")
  const sessionId = id(wire.sessionID, "ses")
  if (requestId === undefined || sessionId === undefined) return undefined
  const questions = list(wire.questions, 20).map((item) => {
    const question = fields(item)
    return {
      question: text(question.question, LIMITS.message_chars_max) ?? "",
      header: text(question.header, LIMITS.name_chars_max) ?? "",
      multiple: question.multiple === true,
      options: list(question.options, 50).map((choice) => ({
        label: text(fields(choice).label, LIMITS.name_chars_max) ?? "",
        description: text(fields(choice).description, LIMITS.message_chars_max) ?? "",
      })),
    }
  })
  return {
    sessionId,
    request: { id: requestId, kind: "question", state: "open", createdAt: now, body: { questions }, answer: null },
  }
}
