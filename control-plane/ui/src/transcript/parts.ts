import type { Change, Message, Part, TodoItem } from "../api/types.ts"
import { todosOfPart } from "./todos.ts"

/** Of a transcript's state what parts change. */
interface WithParts {
  readonly messages: readonly Message[]
  readonly todos: readonly TodoItem[]
  readonly outOfStep: boolean
}

type PartChange = Extract<Change, { type: "part.updated" | "part.delta" }>

/** Applies a change of one part. A part of a message that is not loaded is skipped: it comes with its page. */
export function changePart<S extends WithParts>(state: S, change: PartChange): S {
  const at = state.messages.findLastIndex((message) => message.id === change.messageId)
  const message = state.messages[at]
  if (!message) return state
  const partId = change.type === "part.updated" ? change.part.id : change.partId
  const index = message.parts.findLastIndex((part) => part.id === partId)
  const old = message.parts[index]
  const part = change.type === "part.updated" ? change.part : old && appendDelta(old, change.offset, change.delta)
  if (!part) return { ...state, outOfStep: true }
  if (part === old) return state
  const parts = index === -1 ? [...message.parts, part] : message.parts.with(index, part)
  const messages = replaceAt(state.messages, at, { ...message, parts })
  return { ...state, messages, todos: todosOfPart(part) ?? state.todos }
}

/** Marks a part as removed by the agent; nothing happens when it is not there. */
export function removePart<S extends WithParts>(state: S, messageId: string, partId: string, removedAt = 0): S {
  const at = state.messages.findLastIndex((message) => message.id === messageId)
  const message = state.messages[at]
  if (!message) return state
  const parts = message.parts.map((part) => (part.id === partId ? { ...part, removedAt } : part))
  return { ...state, messages: replaceAt(state.messages, at, { ...message, parts }) }
}

/**
 * The part with text written at `offset` (UTF-16 units), as the server folds its history. The same part when all of it
 * is there already; `undefined` when text before the offset is missing.
 */
function appendDelta(part: Part, offset: number, delta: string): Part | undefined {
  const text = part.body.text ?? ""
  if (offset > text.length) return undefined
  if (text.startsWith(delta, offset)) return part
  return { ...part, body: { ...part.body, text: text.slice(0, offset) + delta } }
}

function replaceAt(messages: readonly Message[], at: number, message: Message): readonly Message[] {
  return messages.with(at, message)
}
