import type { Change, Part } from "../../transcripts/types.ts"
import { LIMITS } from "./limits.ts"
import type { Header } from "./messages.ts"

interface Entry {
  change: Change
  readonly key: string
  /** The agent's id of a user's message that it belongs to: whether it is ours is asked before it goes out. */
  readonly userMessageId: string | null
  /** Its place in the order of arrival must be kept: watchers and the store have not seen the thing before. */
  readonly first: boolean
  dueAt: number
  chars: number
}

/** What the head of a message takes of memory, in characters, roughly. */
export const MESSAGE_CHARS = 300

/** What it costs to append to a text, besides the characters: the text is held as a tree of what was appended. */
const APPENDED_CHARS = 32

export interface Outgoing {
  readonly change: Change
  readonly userMessageId: string | null
  readonly chars: number
}

/**
 * Changes that wait to be delivered, coalesced: of a message or part only the latest state, of a growing text one
 * delta. So its size is bounded by what is open at the agent and not by how long the receiver takes.
 */
export class Outbox {
  readonly #entries = new Set<Entry>()
  readonly #byKey = new Map<string, Entry>()
  /** Of tools that run: when they went out last. Of the newest ones only. */
  readonly #sentAt = new Map<string, number>()
  #chars = 0

  /** Characters held, roughly. */
  get chars(): number {
    return this.#chars
  }

  get size(): number {
    return this.#entries.size
  }

  /** When the first entry is due; undefined when there is none. */
  get dueAt(): number | undefined {
    let earliest: number | undefined
    for (const entry of this.#entries) {
      if (earliest === undefined || entry.dueAt < earliest) earliest = entry.dueAt
    }
    return earliest
  }

  /** `first` says that this message was never handed over before. */
  message(message: Header, first: boolean): void {
    const key = `message ${message.id}`
    const pending = this.#byKey.get(key)
    const change: Change = { type: "message.updated", message }
    const chars = MESSAGE_CHARS
    // The end of a message goes after its parts, its beginning before them.
    if (pending?.first === true && message.completedAt === null) return this.#replace(pending, change, chars)
    if (pending !== undefined && !pending.first) this.#drop(pending)
    this.#add({ change, key, userMessageId: message.role === "user" ? message.id : null, first, dueAt: 0, chars })
  }

  /** `interval_ms`: not sooner than this after the last time that the same part went out. */
  part(messageId: string, part: Part, options: { first: boolean; userMessage: boolean; interval_ms: number }): void {
    const key = `part ${part.id}`
    const change: Change = { type: "part.updated", messageId, part }
    const chars = charsOfPart(part)
    const pending = this.#byKey.get(key)
    const delta = this.#byKey.get(`delta ${part.id}`)
    if (delta !== undefined) this.#drop(delta)
    if (pending?.first === true) return this.#replace(pending, change, chars)
    if (pending !== undefined) this.#drop(pending)
    const dueAt = options.interval_ms === 0 ? 0 : (this.#sentAt.get(part.id) ?? 0) + options.interval_ms
    const userMessageId = options.userMessage ? messageId : null
    this.#add({ change, key, userMessageId, first: options.first, dueAt, chars })
  }

  /** Appends whole characters to a text; `offset` is the text's length before. */
  delta(messageId: string, partId: string, offset: number, delta: string): void {
    const whole = this.#byKey.get(`part ${partId}`)
    if (whole?.change.type === "part.updated") {
      const { part } = whole.change
      const text = (part.body.text ?? "") + delta
      const change: Change = { ...whole.change, part: { ...part, body: { ...part.body, text } } }
      return this.#replace(whole, change, whole.chars + delta.length + APPENDED_CHARS)
    }
    const key = `delta ${partId}`
    const pending = this.#byKey.get(key)
    if (pending?.change.type === "part.delta") {
      const change: Change = { ...pending.change, delta: pending.change.delta + delta }
      return this.#replace(pending, change, pending.chars + delta.length + APPENDED_CHARS)
    }
    const change: Change = { type: "part.delta", messageId, partId, offset, delta }
    this.#add({ change, key, userMessageId: null, first: true, dueAt: 0, chars: 100 + delta.length })
  }

  /** Anything else; a later one with the same key takes the place of one that still waits. */
  push(change: Change, key: string, options: { userMessageId?: string | null; dueAt?: number } = {}): void {
    this.cancel(key)
    const { userMessageId = null, dueAt = 0 } = options
    // What an agent asks may carry a long diff.
    const chars = 100 + JSON.stringify(change).length
    this.#add({ change, key, userMessageId, first: false, dueAt, chars })
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** Takes back what was pushed under this key, if it still waits. */
  cancel(key: string): void {
    const pending = this.#byKey.get(key)
    if (pending !== undefined) this.#drop(pending)
  }

  /** Takes out what is due at `now`, in order: at most `items_max`, and no more once `chars_max` is passed. */
  take(now: number, items_max: number, chars_max: number): Outgoing[] {
    const taken: Outgoing[] = []
    let chars = 0
    for (const entry of this.#entries) {
      if (taken.length >= items_max || chars >= chars_max) break
      if (entry.dueAt > now) continue
      chars += entry.chars
      this.#drop(entry)
      const { change } = entry
      if (change.type === "part.updated") this.#noteSent(change.part, now)
      taken.push({ change, userMessageId: entry.userMessageId, chars: entry.chars })
    }
    return taken
  }

  #noteSent(part: Part, now: number): void {
    this.#sentAt.delete(part.id)
    if (part.body.tool?.status !== "running") return
    this.#sentAt.set(part.id, now)
    const [oldest] = this.#sentAt.keys()
    if (oldest !== undefined && this.#sentAt.size > LIMITS.running_tools_max) this.#sentAt.delete(oldest)
  }

  #add(entry: Entry): void {
    this.#entries.add(entry)
    this.#byKey.set(entry.key, entry)
    this.#chars += entry.chars
  }

  #replace(entry: Entry, change: Change, chars: number): void {
    this.#chars += chars - entry.chars
    entry.change = change
    entry.chars = chars
    entry.dueAt = 0
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry)
    if (this.#byKey.get(entry.key) === entry) this.#byKey.delete(entry.key)
    this.#chars -= entry.chars
  }
}

/** What a part takes of memory, in characters, roughly. */
export function charsOfPart(part: Part): number {
  const { text = "", tool } = part.body
  const input = tool?.input === undefined ? 0 : JSON.stringify(tool.input).length
  return 500 + text.length + input + (tool?.output?.length ?? 0) + (tool?.error?.length ?? 0)
}
