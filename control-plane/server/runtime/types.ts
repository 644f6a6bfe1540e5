import type { Secret } from "../crypto/index.ts"
import type { Change } from "../transcripts/types.ts"

/** What a running agent does; `waiting` means that it asked the user something. */
export type Activity = "busy" | "idle" | "waiting"

/** Where an agent is: taken from our own view of a pod that we made, never from a user or a pod. */
export interface AgentTarget {
  /** `http://<pod IP>:4096` */
  readonly baseUrl: string
  readonly password: Secret
  /** Absolute path of the clone inside the pod; pinned on every request. */
  readonly directory: string
}

export type PermissionReply = { readonly reply: "once" | "always" | "reject"; readonly message?: string }
export type QuestionReply = { readonly answers: readonly (readonly string[])[] } | { readonly rejected: true }

/**
 * Changes as `git apply` takes them; empty when there are none. Its first line says what they are against: on a branch of
 * its own the repository's default branch, so that commits which nobody has pushed are in it; on the default branch
 * itself the last commit.
 */
export type Patch = { readonly text: string } | { readonly missing: string }

/** The adapter to one kind of agent. Stateless calls work from any replica; `connect` is for the lease holder. */
export interface Runtime {
  /** True when the agent answers and can take a prompt (`GET /session/status`). Never throws; waits `timeout_ms` at most. */
  probe(target: AgentTarget, timeout_ms: number, signal?: AbortSignal): Promise<boolean>
  /**
   * Why an agent that answers cannot take a prompt, in its own words; null when it can, or does not answer at all.
   * Never throws. For people who wait for a start.
   */
  explain(target: AgentTarget, timeout_ms: number): Promise<string | null>
  /**
   * Follows the agent until closed: finds or makes its conversation, reads everything that happened while nobody
   * listened, then streams. Reconnects by itself (heartbeat watchdog) and resynchronises after each gap.
   */
  connect(options: ConnectOptions): AgentConnection
  /** Stops the turn. Idempotent. @throws AppError `agent_failed` */
  abort(target: AgentTarget, agentSessionId: string): Promise<void>
  /** @throws AppError `not_found` when the agent no longer asks */
  answerPermission(target: AgentTarget, requestId: string, reply: PermissionReply): Promise<void>
  answerQuestion(target: AgentTarget, requestId: string, reply: QuestionReply): Promise<void>
  /** The workspace's changes as a patch, or why they are not to be had. Never throws. */
  patch(target: AgentTarget, timeout_ms: number): Promise<Patch>
  /** An id under which the agent will know a message; it sorts after everything that the agent has written so far. */
  newMessageId(): string
}

export interface ConnectOptions {
  readonly target: AgentTarget
  /** Title of the conversation when it must be made. */
  readonly title: string
  readonly agentSessionId: string | null
  readonly sink: RuntimeSink
  readonly signal: AbortSignal
}

/** Where a connection delivers. Calls are made one after the other and awaited; a rejection closes the connection. */
export interface RuntimeSink {
  /** The conversation's id, before anything else; store it. */
  agentSession(id: string): Promise<void>
  /** Changes in order, coalesced (≤ 50 ms of text, a tool's output ≤ 10 times a second). */
  changes(changes: readonly Change[]): Promise<void>
  activity(activity: Activity): Promise<void>
  /** The agent's ids of the session's newest prompts, newest first, at most `limit`. */
  ownPrompts(limit: number): Promise<readonly string[]>
  /** By the ids of parts, how far their texts have come for readers; what is not stored is missing. */
  storedTexts(partIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** In step with the agent: the first resynchronisation is done, prompts may be sent. */
  ready(): Promise<void>
  /** The stream broke (it will be tried again) or is back. */
  link(state: "lost" | "back", detail: string): void
}

/**
 * What has become of a prompt, as the agent's own messages say. `none`: it is idle and shows no answer; the turn may not
 * have begun yet, or the prompt was lost. `over`: answered, stopped or interrupted. `failed`: the turn could not begin;
 * known only by asking.
 */
export type PromptTurn =
  | { readonly state: "none" | "running" | "over" }
  | { readonly state: "failed"; readonly error: { readonly code: string; readonly message: string } }

export interface AgentConnection {
  /** As far as the stream has told. */
  turnOf(agentMessageId: string): PromptTurn
  /** Asked of the agent itself. @throws AppError `agent_failed` */
  askTurn(agentMessageId: string): Promise<PromptTurn>
  /**
   * Hands a prompt to the agent. Safe to repeat with the same ids.
   * Resolves when the agent accepted it; a failure of the turn itself arrives as a change.
   * @throws AppError `agent_failed`
   */
  prompt(input: { agentMessageId: string; parts: readonly { id: string; type: "text"; text: string }[] }): Promise<void>
  /** Resolves when the connection has ended; rejects never. */
  readonly closed: Promise<void>
  close(): void
}
