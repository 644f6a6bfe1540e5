import type { Logger } from "pino"
import type { Database } from "../../database/types.ts"
import { isAppError } from "../../errors/index.ts"
import type { AgentConnection, AgentTarget, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { QueuedPrompt, Transcripts } from "../../transcripts/types.ts"
import type { Activity } from "../types.ts"
import type { Journal } from "./journal.ts"
import { COUNTS, TIMES } from "./limits.ts"

export interface ConversationOptions {
  readonly runtime: Runtime
  readonly transcripts: Transcripts
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  readonly journal: Pick<Journal, "lease" | "update">
  readonly target: AgentTarget
  readonly title: string
  readonly agentSessionId: string | null
  readonly activity: Activity
  /** Throws when the lease may no longer be acted on. */
  readonly guard: () => void
  /** Something changed that the driver should look at. */
  readonly wake: () => void
}

/** The one connection to a session's agent: what the agent says goes into the transcript, queued prompts go to the agent. */
export class AgentConversation {
  readonly #options: ConversationOptions
  readonly #connection: AgentConnection
  readonly #stop = new AbortController()
  #activity: Activity
  #ready = false
  #over = false
  #lostAt: number | null = null
  /** The prompt that was accepted last, until its turn shows. */
  #accepted: { at: number; begun: boolean } | null = null
  #attempts = { messageId: "", count: 0, notBefore: 0 }

  constructor(options: ConversationOptions) {
    this.#options = options
    this.#activity = options.activity
    const { target, title, agentSessionId } = options
    this.#connection = options.runtime.connect({
      target,
      title,
      agentSessionId,
      signal: this.#stop.signal,
      sink: this.#sink(),
    })
    void this.#connection.closed.then(() => {
      this.#over = true
      options.wake()
    })
  }

  /** In step with the agent. */
  get ready(): boolean {
    return this.#ready && !this.#over
  }

  /** It ended by itself: what it had to store could not be stored. */
  get over(): boolean {
    return this.#over
  }

  /** Since when the agent cannot be heard. */
  get lostAt(): number | null {
    return this.#lostAt
  }

  get activity(): Activity {
    return this.#activity
  }

  /** Resolves when nothing of it is written any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"))
    this.#connection.close()
    await this.#connection.closed
  }

  /**
   * Sends the next queued prompt when the agent is idle. `podStays` is asked right before the prompt is given away: what
   * a pod gets that is being deleted is lost with it. Returns milliseconds after which to ask again, or null when nothing
   * waits.
   * @throws AppError `stale_lease`
   */
  async deliverNext(sessionId: string, podStays: () => boolean): Promise<number | null> {
    const { transcripts, clock } = this.#options
    if (!this.ready || this.#lostAt !== null) return null
    const prompt = await transcripts.nextPrompt(sessionId)
    if (prompt === null) return null
    const wait_ms = this.#waitFor(prompt, clock.now())
    if (wait_ms > 0) return wait_ms
    try {
      await this.#send(prompt, podStays)
      this.#attempts = { messageId: "", count: 0, notBefore: 0 }
    } catch (error) {
      if (!isAppError(error, "agent_failed")) throw error
      await this.#refused(prompt, error.message)
    }
    return TIMES.look_ms
  }

  /** Between the agent's acceptance and the start of the turn it looks idle, and is not. */
  #waitFor(prompt: QueuedPrompt, now: number): number {
    if (this.#activity !== "idle") return TIMES.idle_look_ms
    const begins_ms =
      this.#accepted === null || this.#accepted.begun ? 0 : this.#accepted.at + TIMES.turn_begins_ms - now
    const retry_ms = this.#attempts.messageId === prompt.messageId ? this.#attempts.notBefore - now : 0
    return Math.max(begins_ms, retry_ms)
  }

  async #send(prompt: QueuedPrompt, podStays: () => boolean): Promise<void> {
    const { transcripts, runtime, journal, guard, clock } = this.#options
    const { messageId, parts } = prompt
    let agentMessageId = prompt.agentMessageId
    if (agentMessageId === null) {
      // Made only now: the agent orders by it, so it must be newer than everything that the agent has written.
      agentMessageId = runtime.newMessageId()
      await transcripts.markSending(journal.lease, messageId, agentMessageId)
    } else if (await this.#connection.hasMessage(agentMessageId)) {
      // An earlier attempt got it there, and nobody lived to note it. Its turn may not have begun yet.
      this.#accepted = { at: clock.now(), begun: false }
      await transcripts.markSent(journal.lease, messageId)
      return
    }
    guard()
    // All of it may have changed while this was written down. The prompt keeps its id and is sent at a later look.
    if (!this.ready || this.#lostAt !== null || this.#activity !== "idle" || !podStays()) return
    const accepted = { at: clock.now(), begun: false }
    this.#accepted = accepted
    await this.#connection.prompt({ agentMessageId, parts })
    // The time for the turn to begin counts from the answer, which may take long.
    accepted.at = clock.now()
    await transcripts.markSent(journal.lease, messageId)
  }

  async #refused(prompt: QueuedPrompt, message: string): Promise<void> {
    const { transcripts, journal, clock, log } = this.#options
    const count = this.#attempts.messageId === prompt.messageId ? this.#attempts.count + 1 : 1
    this.#accepted = null
    log.warn({ session: journal.lease.sessionId, attempt: count }, "the agent did not take a prompt")
    if (count >= COUNTS.prompt_attempts) {
      await transcripts.markFailed(journal.lease, prompt.messageId, { code: "agent_failed", message })
      return
    }
    const backoff_ms = Math.min(TIMES.backoff_min_ms * 2 ** count, TIMES.backoff_max_ms)
    this.#attempts = { messageId: prompt.messageId, count, notBefore: clock.now() + backoff_ms }
  }

  #sink(): Parameters<Runtime["connect"]>[0]["sink"] {
    const { transcripts, journal, clock, guard, wake } = this.#options
    return {
      agentSession: async (id) => {
        if (id !== this.#options.agentSessionId) await journal.update({ agentSessionId: id })
      },
      changes: async (changes) => {
        guard()
        await transcripts.append(journal.lease, changes)
      },
      activity: async (activity) => {
        if (activity !== "idle" && this.#accepted !== null) this.#accepted.begun = true
        const news = activity !== this.#activity
        // Before it is written: the write itself wakes the driver, which must not take a busy agent for idle.
        this.#activity = activity
        if (news) await journal.update({ activity, used: true })
        wake()
      },
      ownPrompts: (limit) => transcripts.ownPrompts(journal.lease.sessionId, limit),
      storedTexts: (partIds) => transcripts.texts(journal.lease.sessionId, partIds),
      ready: async () => {
        this.#ready = true
        wake()
      },
      link: (state) => {
        this.#lostAt = state === "lost" ? clock.now() : null
        wake()
      },
    }
  }
}
