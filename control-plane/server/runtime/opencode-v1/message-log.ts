import { hash } from "node:crypto"
import type { Part } from "../../transcripts/types.ts"
import { type Fields, id } from "./clean.ts"
import { LIMITS, TIMES } from "./limits.ts"
import type { Header } from "./messages.ts"
import type { Outbox } from "./outbox.ts"
import type { ReadPart } from "./parts.ts"

interface MessageState {
  readonly sessionId: string
  readonly role: "user" | "assistant"
  readonly parts: Set<string>
  print: string
}

interface PartState {
  readonly messageId: string
  print: string
  /** Text so far of an open text; null when what stands before the next delta is not known. */
  text: string | null
}

/**
 * What was already handed over of each message and part (as a fingerprint), so that only news makes changes: a resync
 * reads the whole history again, and OpenCode repeats messages whenever anything about them changes.
 *
 * Deltas are never stored by OpenCode: while a text grows, `GET …/message` shows it empty. After a gap the rest of such a
 * text is therefore not passed on (its offset is unknown); the whole text comes when the part ends.
 */
export class MessageLog {
  readonly #outbox: Outbox
  readonly #messages = new Map<string, MessageState>()
  readonly #parts = new Map<string, PartState>()

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  /** Returns whether it was news. */
  message(sessionId: string, message: Header): boolean {
    const print = printOf(message)
    const known = this.#messages.get(message.id)
    if (known?.print === print) return false
    if (known !== undefined && (known.role !== message.role || known.sessionId !== sessionId)) return false
    if (known !== undefined) known.print = print
    else if (this.#messages.size >= LIMITS.tracked_parts_max) return false
    else this.#messages.set(message.id, { sessionId, role: message.role, parts: new Set(), print })
    this.#outbox.message(message, known === undefined)
    return true
  }

  /** `source`: a live event, a snapshot, or a snapshot of a message that nobody writes any more. */
  part(read: ReadPart, source: "event" | "snapshot" | "interrupted"): void {
    const message = this.#messages.get(read.messageId)
    if (message === undefined || message.sessionId !== read.sessionId) return
    const part = source === "interrupted" ? interruptedPart(read.part) : read.part
    const known = this.#parts.get(part.id)
    if (known !== undefined && known.messageId !== read.messageId) return
    const growing = read.open && part.body.text !== undefined
    if (growing && source !== "event" && known !== undefined && part.body.text === "") {
      known.text = null
      return
    }
    const text = growing && source === "event" ? (part.body.text ?? "") : null
    const print = printOf(part)
    if (known?.print === print) {
      known.text = text
      return
    }
    if (known !== undefined) Object.assign(known, { print, text })
    else if (this.#parts.size >= LIMITS.tracked_parts_max) return
    else this.#parts.set(part.id, { messageId: read.messageId, print, text })
    message.parts.add(part.id)
    const options = { first: known === undefined, userMessage: message.role === "user", interval_ms: intervalOf(part) }
    this.#outbox.part(read.messageId, part, options)
  }

  /** A `message.part.delta`. */
  delta(properties: Fields): void {
    const partId = id(properties.partID, "prt")
    const state = partId === undefined ? undefined : this.#parts.get(partId)
    if (partId === undefined || state === undefined || state.text === null || properties.field !== "text") return
    // Not made well-formed here: a character may be split between two deltas.
    const delta = typeof properties.delta === "string" ? properties.delta.replaceAll("\0", "\uFFFD") : ""
    const kept = delta.slice(0, Math.max(0, LIMITS.text_chars_max - state.text.length))
    if (kept === "") return
    this.#outbox.delta(state.messageId, partId, state.text.length, kept)
    state.text += kept
    state.print = ""
  }

  /** A `message.removed`. */
  removeMessage(properties: Fields): void {
    const messageId = id(properties.messageID, "msg")
    const state = messageId === undefined ? undefined : this.#messages.get(messageId)
    if (messageId === undefined || state === undefined) return
    for (const partId of state.parts) this.#parts.delete(partId)
    this.#messages.delete(messageId)
    const user = state.role === "user" ? messageId : null
    this.#outbox.push({ type: "message.removed", messageId }, `removed ${messageId}`, { userMessageId: user })
  }

  /** A `message.part.removed`. */
  removePart(properties: Fields): void {
    const messageId = id(properties.messageID, "msg")
    const partId = id(properties.partID, "prt")
    const message = messageId === undefined ? undefined : this.#messages.get(messageId)
    if (messageId === undefined || partId === undefined || message?.parts.delete(partId) !== true) return
    this.#parts.delete(partId)
    const user = message.role === "user" ? messageId : null
    this.#outbox.push({ type: "part.removed", messageId, partId }, `removed ${partId}`, { userMessageId: user })
  }
}

/** What became of a part whose writer died: a tool has ended, a text stays as far as it came. */
function interruptedPart(part: Part): Part {
  const { tool } = part.body
  if (tool === undefined || (tool.status !== "pending" && tool.status !== "running")) return part
  return { ...part, body: { ...part.body, tool: { ...tool, status: "interrupted" } } }
}

function intervalOf(part: Part): number {
  if (part.body.tool?.status !== "running") return 0
  const chars = part.body.tool.output?.length ?? 0
  return chars > TIMES.large_part_chars ? TIMES.large_part_interval_ms : TIMES.part_interval_ms
}

function printOf(value: unknown): string {
  return hash("sha1", JSON.stringify(value), "base64")
}
