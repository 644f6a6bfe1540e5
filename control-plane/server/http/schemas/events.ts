import type { Schema } from "../routes/route.ts"
import { time } from "./common.ts"
import { session, sharedSession } from "./session.ts"
import { agentRequest, message, part } from "./transcript.ts"

const text = { type: "string" } as const
const messageId = { type: "string", description: "Of the message." } as const
const partId = { type: "string", description: "Within its message." } as const

const { parts: _parts, ...headProperties } = message.properties
const messageHead = {
  ...message,
  title: "MessageHead",
  description: "A message without its parts.",
  required: message.required.filter((name) => name !== "parts"),
  properties: headProperties,
} as const

/** An event's data: an object of this type with these fields, and nothing else. */
function variant<const Type extends string, const Properties extends object>(type: Type, properties: Properties) {
  return {
    type: "object",
    additionalProperties: false,
    required: ["type", ...Object.keys(properties)],
    properties: { type: { type: "string", const: type }, ...properties },
  } as const
}

/** Something was removed by the agent; it stays in the transcript with this time. */
function removal<const Type extends string, const Properties extends object>(type: Type, properties: Properties) {
  const { required, properties: known, ...rest } = variant(type, properties)
  return { ...rest, required, properties: { ...known, removedAt: time } } as const
}

const todo = {
  type: "object",
  additionalProperties: false,
  required: ["content", "status", "priority"],
  properties: { content: text, status: text, priority: text },
} as const

export const sessionEvent = {
  title: "Change",
  description:
    "A change of the transcript. `id` of the event is its number, `event` is `type`. `event: reset` means that the number is no longer known: read the messages again.",
  oneOf: [
    variant("message.updated", { message: messageHead }),
    removal("message.removed", { messageId }),
    variant("part.updated", { messageId, part }),
    variant("part.delta", {
      messageId,
      partId,
      offset: { type: "integer", description: "Length of the text before it, in UTF-16 units." },
      delta: { ...text, description: "To be appended to the text." },
    }),
    removal("part.removed", { messageId, partId }),
    variant("request.updated", { request: agentRequest }),
    variant("todo.updated", { todos: { type: "array", items: todo, description: "All of them." } }),
    variant("notice", { level: { type: "string", enum: ["info", "error"] }, code: text, message: text }),
    variant("session.updated", { session: sharedSession }),
    variant("session.deleted", {}),
  ],
} as const

export const listEvent = {
  title: "ListChange",
  description:
    "A change of a session that the caller may see: `session` with the session, `gone` with its id. `event: reset` means that something may have been missed: read the list again.",
  oneOf: [variant("session", { session }), variant("gone", { id: { type: "string", description: "Of the session." } })],
} as const

const sessionId = { ...text, description: "Of the session." } as const

/** An event of one conversation among several: with whose it is, and its number there. */
function placed(event: Schema): Schema {
  const { required = [], properties = {} } = event as { required?: readonly string[]; properties?: object }
  const seq = { type: "integer", description: "Number of the event within its session." } as const
  const place = { sessionId, seq }
  return { ...event, required: [...required, ...Object.keys(place)], properties: { ...properties, ...place } }
}

export const followedEvent: Schema = {
  title: "FollowedChange",
  description:
    "A change of a session that the caller may see (as in `GET /api/events`), or of a followed transcript (as in `GET /api/sessions/{id}/events`, with `sessionId` and `seq`). `session.reread` means that the number given for it is no longer known: read its messages again. `session.ended` means that following it has ended: it was deleted, or is not visible to the caller. `event: reset` means: read the list again.",
  oneOf: [
    ...listEvent.oneOf,
    ...sessionEvent.oneOf.map(placed),
    variant("session.reread", { sessionId }),
    variant("session.ended", { sessionId }),
  ],
}
