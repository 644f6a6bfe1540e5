import { hash } from "node:crypto"
import type { Part } from "../../transcripts/types.ts"
import { type Fields, id, text } from "./clean.ts"
import { LIMITS, TIMES } from "./limits.ts"
import type { Header } from "./messages.ts"
import type { Outbox } from "./outbox.ts"
import type { ReadPart } from "./parts.ts"

/** Stands where a part of a text was missed, until the whole text comes. */
const GAP = " […] "

interface MessageState {
  readonly sessionId: string
  readonly role: "user" | "assistant"
  readonly parts: Set<string>
  print: string
}

interface PartState {
  readonly messageId: string
  print: string
  /** Characters so far of an open text; null when what stands before the next delta is not known. */
  length: number | null
  /** The first half of a character whose other half comes with the next delta. */
  half: string
  /** Something before the next delta was missed. */
  gap: boolean
}

/**
 * What was already handed over of each message and part (as a fingerprint), so that only news makes changes: a resync
 * reads the whole history again, and OpenCode repeats messages whenever anything about them changes.
 *
 * Deltas are never stored by OpenCode: while a text grows, `GET …/message` shows it empty. After a gap such a text goes on
 * from what was handed over before, with a mark where something is missing; the whole text comes when the part ends.
 *
 * Of the newest messages and parts only, and none of their words, so that no conversation takes more and more memory: about
 * 300 bytes for each. The store knows what is no news too, and how far a text has come.
 */
export class MessageLog {
  readonly #outbox: Outbox
  readonly #messages = new Map<string, MessageState>()
  readonly #parts = new Map<string, PartState>()
  /** Ids of the newest texts that are open: all that is taken back when the agent asks its model again. */
  readonly #open = new Set<string>()

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
    else {
      if (this.#messages.size >= LIMITS.tracked_parts_max) this.#forgetMessages()
      this.#messages.set(message.id, { sessionId, role: message.role, parts: new Set(), print })
    }
    this.#outbox.message(message, known === undefined)
    return true
  }

  /**
   * `source`: a live event, a snapshot, or a snapshot of a message that nobody writes any more. `stored`: what was handed
   * over and stored of a text that grows, by this follower or an earlier one.
   */
  part(read: ReadPart, source: "event" | "snapshot" | "interrupted", stored?: string): void {
    const message = this.#messages.get(read.messageId)
    if (message === undefined || message.sessionId !== read.sessionId) return
    const known = this.#parts.get(read.part.id)
    if (known !== undefined && known.messageId !== read.messageId) return
    const growing = read.open && read.part.body.text !== undefined
    const part =
      source === "interrupted"
        ? interruptedPart(read.part)
        : growing && source === "snapshot"
          ? continuedPart(read.part, stored ?? "")
          : read.part
    // What was lost on the way to a text that nobody writes any more is not told again.
    if (growing && source === "interrupted" && known !== undefined && part.body.text === "") return
    const length = growing && source !== "interrupted" ? (part.body.text ?? "").length : null
    const print = printOf(part)
    const state = { print, length, half: "", gap: source === "snapshot" }
    if (known?.print === print) return void Object.assign(known, state)
    if (known !== undefined) Object.assign(known, state)
    else {
      if (this.#parts.size >= LIMITS.tracked_parts_max) this.#forgetParts()
      this.#parts.set(part.id, { messageId: read.messageId, ...state })
    }
    message.parts.add(part.id)
    this.#noteOpen(part.id, length !== null)
    const options = { first: known === undefined, userMessage: message.role === "user", interval_ms: intervalOf(part) }
    this.#outbox.part(read.messageId, part, options)
  }

  /** A `message.part.delta`. */
  delta(properties: Fields): void {
    const partId = id(properties.partID, "prt")
    const state = partId === undefined ? undefined : this.#parts.get(partId)
    if (partId === undefined || state === undefined || state.length === null || properties.field !== "text") return
    const delta = state.half + (typeof properties.delta === "string" ? properties.delta : "")
    state.half = /[\uD800-\uDBFF]$/.exec(delta)?.[0] ?? ""
    const whole = delta.slice(0, delta.length - state.half.length)
    if (whole === "") return
    const kept = text((state.gap ? GAP : "") + whole, Math.max(0, LIMITS.text_chars_max - state.length)) ?? ""
    state.gap = false
    if (kept === "") return
    this.#outbox.delta(state.messageId, partId, state.length, kept)
    state.length += kept.length
    state.print = ""
  }

  #noteOpen(partId: string, open: boolean): void {
    this.#open.delete(partId)
    if (!open) return
    this.#open.add(partId)
    const [oldest] = this.#open
    if (oldest !== undefined && this.#open.size > LIMITS.growing_texts_max) this.#open.delete(oldest)
  }

  #forgetMessages(): void {
    for (const [messageId, { parts }] of oldest(this.#messages)) {
      for (const partId of parts) this.#parts.delete(partId)
      this.#messages.delete(messageId)
    }
  }

  #forgetParts(): void {
    for (const [partId, { messageId }] of oldest(this.#parts)) {
      this.#messages.get(messageId)?.parts.delete(partId)
      this.#parts.delete(partId)
    }
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

  /** The agent asks the model again for what it was saying: it does not keep the texts that were open. */
  takeBackTexts(sessionId: string): void {
    for (const partId of [...this.#open]) {
      const part = this.#parts.get(partId)
      if (part !== undefined && this.#messages.get(part.messageId)?.sessionId !== sessionId) continue
      this.#open.delete(partId)
      if (part === undefined || part.length === null) continue
      part.length = null
      this.#outbox.push({ type: "part.removed", messageId: part.messageId, partId }, `removed ${partId}`)
    }
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

const FORGOTTEN_AT_ONCE = LIMITS.tracked_parts_max / 10

/** Many at once: a map that loses its first entry again and again looks through all that it has lost. */
function oldest<T>(map: ReadonlyMap<string, T>): [string, T][] {
  const found: [string, T][] = []
  for (const entry of map) {
    if (found.length >= FORGOTTEN_AT_ONCE) break
    found.push(entry)
  }
  return found
}

/** A text that grows, as far as it is known: OpenCode shows it empty, or shorter than it is. */
function continuedPart(part: Part, known: string): Part {
  const shown = part.body.text ?? ""
  return known.startsWith(shown) ? { ...part, body: { ...part.body, text: known } } : part
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
