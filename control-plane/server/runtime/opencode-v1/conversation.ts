import { setImmediate } from "node:timers/promises"
import type { TodoItem } from "../../transcripts/types.ts"
import type { Activity, PromptTurn } from "../types.ts"
import { type Fields, fields, id, list, text, texts } from "./clean.ts"
import { explainError } from "./errors.ts"
import { LIMITS, TIMES } from "./limits.ts"
import { MessageLog } from "./message-log.ts"
import { type ReadMessage, readMessage } from "./messages.ts"
import { OpenRequests } from "./open-requests.ts"
import { charsOfPart, Outbox } from "./outbox.ts"
import { type ReadPart, readPart } from "./parts.ts"
import { Turns } from "./turns.ts"

/** A message of the agent's history with its parts. */
export interface PastMessage {
  readonly head: ReadMessage
  readonly parts: readonly ReadPart[]
}

/** The state of an agent as read over HTTP; everything in it is as untrusted as an event. */
export interface Snapshot {
  /** The session's own conversation and its sub-agents'. */
  readonly sessionIds: readonly string[]
  readonly busySessionIds: ReadonlySet<string>
  /** Messages of each conversation, oldest first, in our terms: as the agent said them they may take 25 times as much. */
  readonly histories: readonly (readonly PastMessage[])[]
  readonly permissions: unknown
  readonly questions: unknown
  readonly todos: unknown
}

/**
 * `poll`: ask the agent for its status, because an error is not always followed by an idle event.
 * `gone`: the conversation itself was deleted.
 */
export type EventOutcome = "poll" | "gone" | undefined

const SILENT_ERROR = "error"

/** Of a history, before other work gets its turn: what is handed over is compared by a hash of it. */
const RESTORED_CHARS_AT_ONCE = 1024 * 1024

/**
 * One agent's conversation: turns snapshots and events of OpenCode into changes in the outbox. Conversations of sub-agents
 * are followed as soon as their parent is known; events of any other conversation in the pod are ignored.
 */
export class Conversation {
  readonly outbox = new Outbox()
  readonly #rootId: string
  readonly #directory: string
  readonly #now: () => number
  readonly #sessions: Set<string>
  readonly #busy = new Set<string>()
  readonly #log = new MessageLog(this.outbox)
  readonly #requests: OpenRequests
  readonly #turns = new Turns()
  readonly #retries = new Map<string, string>()
  #todos = "[]"
  #statusVersion = 0
  #turnFailed = false
  #activity: Activity | null = null
  #activityIsNews = false

  constructor(options: { rootId: string; directory: string; now: () => number }) {
    this.#rootId = options.rootId
    this.#directory = options.directory
    this.#now = options.now
    this.#sessions = new Set([options.rootId])
    this.#requests = new OpenRequests(this.outbox, options.now)
  }

  get busy(): boolean {
    return this.#busy.has(this.#rootId)
  }

  /** Changes with every event about what the agent does: an answer that was asked for before is then out of date. */
  get statusVersion(): number {
    return this.#statusVersion
  }

  /**
   * What the activity is when it has changed since the last call, else null. States in between are not told: what is over
   * must not be taken for what is now.
   */
  takeActivity(): Activity | null {
    const news = this.#activityIsNews
    this.#activityIsNews = false
    return news ? this.#activity : null
  }

  /** Whether there is an activity to take that is not `idle`. */
  get beginsToWork(): boolean {
    return this.#activityIsNews && this.#activity !== "idle"
  }

  /** A prompt is about to be given to the agent. */
  given(agentMessageId: string): void {
    this.#turns.given(agentMessageId)
  }

  /** See `AgentConnection.turnOf`. */
  turnOf(agentMessageId: string): PromptTurn {
    if (this.busy) return { state: "running" }
    return { state: this.#turns.isOver(agentMessageId) ? "over" : "none" }
  }

  /** The same, once the agent was asked: then an error is the end of a prompt that has no answer. */
  askedTurnOf(agentMessageId: string): PromptTurn {
    const turn = this.turnOf(agentMessageId)
    const error = this.#turns.failureOf(agentMessageId)
    return turn.state === "none" && error !== null ? { state: "failed", error } : turn
  }

  /**
   * Takes in the newest messages, which were read before the agent said that it was idle. True when they have something
   * that no event told.
   */
  noteNewest(messages: Snapshot["histories"][number]): boolean {
    let news = false
    for (const { head } of messages) {
      if (head.sessionId === this.#rootId) news = this.#turns.note(head, true) || news
    }
    return news
  }

  /**
   * Everything as the agent states it now. What is not news makes no change. `stored`: by the ids of parts, what others
   * have handed over of texts that still grow. Other work gets its turn meanwhile; no event may be applied until it is done.
   */
  async restore(snapshot: Snapshot, stored: ReadonlyMap<string, string> = new Map()): Promise<void> {
    for (const sessionId of snapshot.sessionIds) this.#follow(sessionId)
    this.setBusy(snapshot.busySessionIds)
    for (const history of snapshot.histories) await this.#restoreHistory(history, stored)
    const isBusy = (sessionId: string) => this.#sessions.has(sessionId) && this.#busy.has(sessionId)
    this.#requests.restore(snapshot.permissions, snapshot.questions, isBusy)
    this.#updateTodos(snapshot.todos)
    this.#noteActivity()
  }

  /** Which conversations work, asked of the agent itself: repairs an end that no event told. */
  setBusy(sessionIds: ReadonlySet<string>): void {
    for (const sessionId of [...this.#busy]) if (!sessionIds.has(sessionId)) this.#ended(sessionId)
    for (const sessionId of sessionIds) if (this.#sessions.has(sessionId)) this.#busy.add(sessionId)
    this.#noteActivity()
  }

  /** One event of `GET /event`. Unknown types and other conversations' events do nothing. */
  apply(event: unknown): EventOutcome {
    const { type, properties } = fields(event)
    const outcome = this.#dispatch(type, fields(properties))
    this.#noteActivity()
    return outcome
  }

  #dispatch(type: unknown, properties: Fields): EventOutcome {
    switch (type) {
      case "session.created":
      case "session.updated":
        return this.#onSession(fields(properties.info))
      case "message.updated":
        return this.#onMessage(properties)
      case "message.part.updated":
        return this.#onPart(properties)
      case "message.part.delta":
        return this.#log.delta(properties) ?? undefined
      case "message.removed":
        return this.#log.removeMessage(properties) ?? undefined
      case "message.part.removed":
        return this.#log.removePart(properties) ?? undefined
      case "permission.replied":
        return this.#requests.answered(properties.requestID, { reply: text(properties.reply, 20) }) ?? undefined
      case "question.replied":
        return this.#requests.answered(properties.requestID, { answers: readAnswers(properties.answers) }) ?? undefined
      case "question.rejected":
        return this.#requests.answered(properties.requestID, { rejected: true }) ?? undefined
      default:
        return this.#dispatchOwn(type, properties)
    }
  }

  /** Events that count only when they name one of our conversations. */
  #dispatchOwn(type: unknown, properties: Fields): EventOutcome {
    if (type === "session.error" && properties.sessionID === undefined) return this.#onError(this.#rootId, properties)
    const sessionId = id(properties.sessionID, "ses")
    if (sessionId === undefined || !this.#sessions.has(sessionId)) return undefined
    switch (type) {
      case "session.status":
        return this.#onStatus(sessionId, fields(properties.status))
      case "session.idle":
        return this.#ended(sessionId)
      case "session.error":
        return this.#onError(sessionId, properties)
      case "session.deleted":
        this.#ended(sessionId)
        return sessionId === this.#rootId ? "gone" : undefined
      case "permission.asked":
        return this.#requests.asked("permission", properties) ?? undefined
      case "question.asked":
        return this.#requests.asked("question", properties) ?? undefined
      case "todo.updated":
        return sessionId === this.#rootId ? this.#updateTodos(properties.todos) : undefined
      default:
        return undefined
    }
  }

  #onSession(info: Fields): undefined {
    const sessionId = id(info.id, "ses")
    const parentId = id(info.parentID, "ses")
    if (sessionId !== undefined && parentId !== undefined && this.#sessions.has(parentId)) this.#follow(sessionId)
  }

  #onMessage(properties: Fields): undefined {
    const read = readMessage(properties.info, this.#rootId)
    if (read === undefined || !this.#sessions.has(read.sessionId)) return
    if (read.sessionId === this.#rootId) this.#turns.note(read, isOver(read))
    const news = this.#log.message(read.sessionId, read.message)
    if (!news || read.message.body.error === undefined || read.sessionId !== this.#rootId) return
    this.#turnFailed = true
    this.outbox.cancel(SILENT_ERROR)
  }

  #onPart(properties: Fields): undefined {
    const read = readPart(properties.part, this.#directory)
    if (read !== undefined) this.#log.part(read, "event")
  }

  #onStatus(sessionId: string, status: Fields): undefined {
    this.#statusVersion++
    if (status.type === "idle") return this.#ended(sessionId)
    this.#busy.add(sessionId)
    if (status.type === "retry") this.#noteRetry(sessionId, status)
  }

  #onError(sessionId: string, properties: Fields): "poll" {
    const explained = explainError(properties.error)
    // One that names no conversation may be about anything, a plugin for example.
    const ofRoot = properties.sessionID === this.#rootId
    if (explained.code !== "aborted" && ofRoot) this.#turns.failed(explained)
    // A turn that fails says so in its message, a moment later; the notice is for those that never get one.
    // Of two for the same failure the first has the better words.
    const told = this.#turnFailed || this.outbox.has(SILENT_ERROR)
    if (explained.code !== "aborted" && sessionId === this.#rootId && !told) {
      const dueAt = this.#now() + TIMES.error_notice_ms
      this.outbox.push({ type: "notice", level: "error", ...explained }, SILENT_ERROR, { dueAt })
    }
    return "poll"
  }

  #follow(sessionId: string): void {
    if (this.#sessions.has(sessionId)) return
    if (this.#sessions.size >= LIMITS.sub_agents_max) {
      // The oldest that has ended makes room for it.
      const ended = [...this.#sessions].find((known) => known !== this.#rootId && !this.#busy.has(known))
      if (ended === undefined) return
      this.#sessions.delete(ended)
    }
    this.#sessions.add(sessionId)
  }

  #ended(sessionId: string): undefined {
    this.#statusVersion++
    this.#busy.delete(sessionId)
    this.#retries.delete(sessionId)
    this.#requests.withdraw(sessionId)
    if (sessionId === this.#rootId) this.#turnFailed = false
  }

  #noteActivity(): void {
    const now: Activity = !this.busy ? "idle" : this.#requests.any ? "waiting" : "busy"
    if (now === this.#activity) return
    this.#activity = now
    this.#activityIsNews = true
  }

  #noteRetry(sessionId: string, status: Fields): void {
    const words = text(status.message, LIMITS.message_chars_max) ?? ""
    const attempt = typeof status.attempt === "number" ? status.attempt : 1
    const print = `${attempt} ${words}`
    if (this.#retries.get(sessionId) === print) return
    this.#log.takeBackTexts(sessionId)
    this.#retries.set(sessionId, print)
    const wait_s = typeof status.next === "number" ? Math.max(0, Math.ceil((status.next - this.#now()) / 1000)) : 0
    const message = `The model provider failed (${words}). Repeat number ${attempt} follows in ${wait_s} s.`
    this.outbox.push({ type: "notice", level: "info", code: "provider_retry", message }, `retry ${sessionId}`)
  }

  #updateTodos(raw: unknown): undefined {
    const todos = list(raw, LIMITS.list_items_max).map(readTodo)
    const print = JSON.stringify(todos)
    if (print === this.#todos) return
    this.#todos = print
    this.outbox.push({ type: "todo.updated", todos }, "todos")
  }

  async #restoreHistory(history: Snapshot["histories"][number], stored: ReadonlyMap<string, string>): Promise<void> {
    const ours = history.filter(({ head }) => this.#sessions.has(head.sessionId))
    const last = ours.findLast(({ head }) => head.message.role === "assistant")?.head
    let chars = 0
    for (const { head, parts } of ours) {
      const { sessionId, message } = head
      // A killed agent leaves messages and tools open for ever and does not take them up again.
      const isBeingWritten = this.#busy.has(sessionId) && message.id === last?.message.id
      const interrupted = !isOver(head) && !isBeingWritten
      if (sessionId === this.#rootId) this.#turns.note(head, !isBeingWritten || isOver(head))
      this.#log.message(sessionId, interrupted ? { ...message, body: { ...message.body, interrupted } } : message)
      for (const part of parts) {
        this.#log.part(part, interrupted ? "interrupted" : "snapshot", stored.get(part.part.id))
        chars += charsOfPart(part.part)
        if (chars < RESTORED_CHARS_AT_ONCE) continue
        chars = 0
        await setImmediate()
      }
    }
  }
}

/** Of an answer: it was written to its end, or failed. */
function isOver({ message }: ReadMessage): boolean {
  return message.role === "user" || message.completedAt !== null || message.body.error !== undefined
}

function readAnswers(raw: unknown): string[][] {
  return list(raw, 20).map((answer) => texts(answer, 50, LIMITS.message_chars_max))
}

function readTodo(raw: unknown): TodoItem {
  const item = fields(raw)
  return {
    content: text(item.content, LIMITS.message_chars_max) ?? "",
    status: text(item.status, 50) ?? "",
    priority: text(item.priority, 50) ?? "",
  }
}
