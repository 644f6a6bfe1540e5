import type { Database } from "../database/types.ts"
import type { Lease } from "../leases/types.ts"

/** A message as people and programs read it. Times are milliseconds since the epoch. */
export interface Message {
  readonly id: string
  readonly role: "user" | "assistant"
  /** Of a message with the role `user`: no person wrote it, the agent made it itself. */
  readonly origin?: "agent"
  /** The sub-agent's conversation it belongs to; null for the session's own. */
  readonly agentSessionId: string | null
  readonly authorId: string | null
  /** Only for a user's message: `queued` until the agent has it. */
  readonly delivery: "queued" | "sending" | "sent" | "failed" | null
  readonly createdAt: number
  readonly completedAt: number | null
  /** When the agent removed it from its own conversation; what it said stays here. */
  readonly removedAt?: number
  readonly body: MessageBody
  readonly parts: readonly Part[]
}

export interface MessageBody {
  readonly model?: { readonly provider: string; readonly id: string }
  readonly cost?: number
  readonly tokens?: {
    readonly input: number
    readonly output: number
    readonly reasoning: number
    readonly cacheRead: number
    readonly cacheWrite: number
  }
  readonly finish?: string
  readonly error?: { readonly code: string; readonly message: string }
  /** The pod went away while the agent was writing it. */
  readonly interrupted?: boolean
}

export interface Part {
  readonly id: string
  readonly type: PartType
  /** When the agent removed it or took it back, as it does with the text of an attempt that failed. */
  readonly removedAt?: number
  readonly body: PartBody
}

export type PartType = "text" | "reasoning" | "tool" | "file" | "subtask" | "step" | "patch" | "compaction" | "other"

export interface PartBody {
  /** For text and reasoning: all of it so far. */
  readonly text?: string
  readonly tool?: {
    readonly name: string
    readonly callId: string
    readonly status: "pending" | "running" | "completed" | "error" | "interrupted"
    readonly title?: string
    readonly input?: unknown
    readonly output?: string
    readonly error?: string
    readonly exitCode?: number
    /** The conversation of the sub-agent that this call started. */
    readonly childSessionId?: string
  }
  readonly file?: { readonly name: string; readonly mime: string }
  readonly files?: readonly string[]
  readonly startedAt?: number
  readonly endedAt?: number
}

/** What the agent waits for. */
export interface AgentRequest {
  readonly id: string
  readonly kind: "permission" | "question"
  readonly state: "open" | "answered" | "withdrawn"
  readonly createdAt: number
  readonly body: {
    /** Permission: its name (`bash`, `edit`, …), the patterns asked for, and those that `always` would grant. */
    readonly permission?: string
    readonly patterns?: readonly string[]
    readonly always?: readonly string[]
    readonly command?: string
    readonly diff?: string
    readonly questions?: readonly {
      readonly question: string
      readonly header: string
      readonly multiple: boolean
      readonly options: readonly { readonly label: string; readonly description: string }[]
    }[]
  }
  readonly answer: unknown
}

export interface TodoItem {
  readonly content: string
  readonly status: string
  readonly priority: string
}

/**
 * A change of the transcript in our own terms: what the runtime hands to the writer, and (with a number) what every
 * watcher receives. `part.delta` appends to a text; `offset` is the length in UTF-16 units before it, so that a
 * repeat is seen as one.
 */
export type Change =
  | { readonly type: "message.updated"; readonly message: Omit<Message, "parts"> }
  /** Watchers receive the time; the runtime does not give it. */
  | { readonly type: "message.removed"; readonly messageId: string; readonly removedAt?: number }
  | { readonly type: "part.updated"; readonly messageId: string; readonly part: Part }
  | {
      readonly type: "part.delta"
      readonly messageId: string
      readonly partId: string
      readonly offset: number
      readonly delta: string
    }
  | {
      readonly type: "part.removed"
      readonly messageId: string
      readonly partId: string
      readonly removedAt?: number
    }
  | { readonly type: "request.updated"; readonly request: AgentRequest }
  /**
   * Only from the runtime to the writer: all that the agent waits for now. Stored requests that are open and not listed
   * become withdrawn; watchers receive a `request.updated` for each of those, never this.
   */
  | { readonly type: "requests.listed"; readonly openIds: readonly string[] }
  | { readonly type: "todo.updated"; readonly todos: readonly TodoItem[] }
  | { readonly type: "notice"; readonly level: "info" | "error"; readonly code: string; readonly message: string }
  /** The session's own state changed; the body is what `GET /api/sessions/:id` answers, less what depends on the caller. */
  | { readonly type: "session.updated"; readonly session: Readonly<Record<string, unknown>> }
  /** Last event of a session. */
  | { readonly type: "session.deleted" }

/** Something that was said about the session besides its messages, with the number of its event. */
export type Notice = Omit<Extract<Change, { type: "notice" }>, "type"> & { readonly seq: number }

/** A change with its number: `seq` grows by one within a session, in the same order for every watcher. */
export interface SessionEvent {
  readonly seq: number
  readonly change: Change
}

/** A message of a user that waits to be sent to the agent, or for the end of its answer. */
export interface QueuedPrompt {
  readonly messageId: string
  /** Null until the first attempt fixes it. */
  readonly agentMessageId: string | null
  /** `queued` again with an id of the agent's: given to an earlier run of the agent, which did not begin with it. */
  readonly delivery: "queued" | "sending" | "sent"
  /** It was given to the agent and its end is not known. */
  readonly awaited: boolean
  /** How often it was given to an agent. */
  readonly attempts: number
  readonly parts: readonly { readonly id: string; readonly type: "text"; readonly text: string }[]
}

/** Durable history and the live event log. Every write is fenced by the session's lease. */
export interface Transcripts {
  /**
   * Stores a user's message as `queued` and tells the engine. The same `id` again is the same message.
   * Not fenced: any replica may accept a prompt; its number is taken under the row lock of the session.
   * `first` runs before it in the same transaction: what it finds out still holds when the prompt is stored.
   * @throws AppError `idempotency_mismatch` when `id` exists with another text.
   */
  queuePrompt(
    input: { sessionId: string; id: string; authorId: string; text: string },
    first?: (transaction: Database) => Promise<void>,
  ): Promise<Message>
  /** The agent's ids of the session's newest prompts, newest first: what `RuntimeSink.ownPrompts` asks. */
  ownPrompts(sessionId: string, limit: number): Promise<readonly string[]>
  /** The prompt whose end is awaited; without one the next to send, oldest first; or null. */
  nextPrompt(sessionId: string): Promise<QueuedPrompt | null>
  /**
   * Counts an attempt to send a prompt (`sending`); the first one fixes its id for the agent. Its end is awaited from
   * now on. @throws AppError `stale_lease`
   */
  markSending(lease: Lease, messageId: string, agentMessageId: string): Promise<void>
  /** The agent accepted it. */
  markSent(lease: Lease, messageId: string): Promise<void>
  /** Its answer is over: the next prompt may be sent. */
  markAnswered(lease: Lease, messageId: string): Promise<void>
  /** It gets no answer, and why. */
  markFailed(lease: Lease, messageId: string, error: { code: string; message: string }): Promise<void>
  /**
   * Applies changes to the history, numbers them, appends them to the event log and notifies once.
   * @throws AppError `stale_lease` when another replica drives the session; nothing is written then.
   */
  append(lease: Lease, changes: readonly Change[]): Promise<void>
  /**
   * After the pod went away: unfinished messages, parts and requests are marked interrupted. A prompt that the agent was
   * given and had not begun to answer is queued again. True when a prompt was without the end of its answer.
   */
  markInterrupted(lease: Lease): Promise<boolean>
  /** Same effect as `append` for writers that hold no lease (API writes of title, visibility, desired state). */
  publish(sessionId: string, change: Change): Promise<void>
  /** By the ids of parts, their texts as far as they have come. For those who take over a session. */
  texts(sessionId: string, partIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * A page of messages, newest last; `before` is a message position. `lastSeq` is the event number it is true at. The
   * newest page has the last notices that are still in the event log, oldest first.
   */
  list(
    sessionId: string,
    page: { before?: number; limit: number },
  ): Promise<{ items: Message[]; nextCursor: string | null; lastSeq: number; notices?: Notice[] }>
  requests(sessionId: string, state?: AgentRequest["state"]): Promise<AgentRequest[]>
  /**
   * Events after `afterSeq`, then live ones, in order, without gap or repeat, on any replica, until the signal aborts or
   * the session is gone. Yields `"reset"` when `afterSeq` is no longer in the log (the caller must read the history again)
   * and goes on with what is new from there. A session whose rows are gone ends with `session.deleted`.
   * Batches are bounded; a slow reader holds no memory because the log is read from PostgreSQL at the reader's pace.
   */
  watch(sessionId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<readonly SessionEvent[] | "reset">
  /** Deletes events that no resume can need: older than `age_ms` and superseded. Returns how many rows. */
  prune(age_ms: number): Promise<number>
}
