// What the API answers, taken from the server's own types so that the two cannot differ.
export type { PermissionReply, QuestionReply } from "../../../server/runtime/types.ts"
export type { CreateSession, SessionView } from "../../../server/sessions/service-types.ts"
export type { SessionStatus, StartStep } from "../../../server/sessions/types.ts"
export type { Visibility } from "../../../server/settings/types.ts"
export type {
  AgentRequest,
  Change,
  Message,
  MessageBody,
  Part,
  PartBody,
  SessionEvent,
  TodoItem,
} from "../../../server/transcripts/types.ts"

/** A list as every route answers it. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}
