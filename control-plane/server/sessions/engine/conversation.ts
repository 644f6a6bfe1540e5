import type { Logger } from "pino"
import type { Database } from "../../database/types.ts"
import type { Activity, AgentConnection, AgentTarget, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { Journal } from "./journal.ts"
import { Prompts } from "./prompts.ts"

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
  #backAt: number | null = null
  readonly #prompts: Prompts

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
    const { lease } = options.journal
    this.#prompts = new Prompts({ ...options, lease, connection: this.#connection, mayGive: this.#mayGive })
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

  /** Since when the agent can be heard again; null: it could all the time. It may be another process by now. */
  get backAt(): number | null {
    return this.#backAt
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
   * Sends the next queued prompt when the agent is idle and the prompt before is over; see `Prompts`. Returns milliseconds
   * after which to ask again, or null when nothing waits.
   * @throws AppError `stale_lease`
   */
  async deliverNext(podStays: () => boolean): Promise<number | null> {
    if (!this.ready || this.#lostAt !== null) return null
    return await this.#prompts.step(podStays)
  }

  readonly #mayGive = (): boolean => this.ready && this.#lostAt === null && this.#activity === "idle"

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
        if (state === "lost") this.#prompts.lost()
        else this.#backAt = clock.now()
        wake()
      },
    }
  }
}
