import type { Logger } from "pino"
import type { Database } from "../../database/types.ts"
import { isAppError } from "../../errors/index.ts"
import type { AgentTarget, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { StoredSession } from "../store/rows.ts"
import { AgentConversation } from "./conversation.ts"
import type { Journal } from "./journal.ts"
import { TIMES } from "./limits.ts"
import { Prober } from "./prober.ts"
import { watchSink } from "./store-watch.ts"

export interface AgentLinkOptions {
  readonly runtime: Runtime
  readonly transcripts: Transcripts
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
  readonly journal: Journal
  readonly guard: () => void
  readonly wake: () => void
}

/** What arrives from an agent: `heard`, any sign of life; `followed`, its conversation. */
export interface Reach {
  readonly heard: boolean
  readonly followed: boolean
}

/**
 * From "is it there?" to the conversation, for one run of an agent at a time. Keeps apart what is known of the agent (it
 * answers, its conversation can be read) from what is known of our own store, which says nothing about the agent.
 */
export class AgentLink {
  readonly #options: AgentLinkOptions
  #run: string | null = null
  #prober: { readonly booting: boolean; readonly asks: Prober } | null = null
  #conversation: AgentConversation | null = null
  #answers = false
  #followedAt = 0
  /** The agent's last sign of life: an answer, or something that it said. */
  #heardAt = 0
  /** Until here, not being in step had another reason than the agent. */
  #excusedUntil = 0
  #inStepSince: number | null = null
  /** Conversations in a row that ended because our store refused, and when the next may begin. */
  #ends = 0
  #connectAt = 0
  #trouble: string | null = null
  #brokeBecause: string | null = null

  constructor(options: AgentLinkOptions) {
    this.#options = options
  }

  /** Which run of the agent is followed. */
  get run(): string | null {
    return this.#run
  }

  /** The conversation, once it is in step with the agent. */
  get conversation(): AgentConversation | null {
    return this.#conversation?.ready === true ? this.#conversation : null
  }

  /** Why what the agent says cannot be stored at the moment, for people; null while it can. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** Why the agent's conversation cannot be read, in the runtime's words. */
  get brokeBecause(): string | null {
    return this.#brokeBecause
  }

  /** Milliseconds since this replica looks at this run of the agent. */
  followed_ms(now: number): number {
    return this.#run === null ? 0 : now - this.#followedAt
  }

  /** Milliseconds in which the agent gave no sign of life. */
  silent_ms(now: number): number {
    return this.#run === null || this.#inStep ? 0 : now - Math.max(this.#heardAt, this.#conversation?.lostAt ?? 0)
  }

  /** Milliseconds in which the agent could not be followed although nothing on our side stood in the way. */
  unfollowed_ms(now: number): number {
    if (this.#run === null || this.#inStep) return 0
    return now - Math.max(this.#excusedUntil, this.#conversation?.lostAt ?? 0)
  }

  /** How well this agent is reached from here; null when it never was, as while it boots. */
  reach(now: number): Reach | null {
    if (this.#run === null || !this.#answers) return null
    return { heard: this.silent_ms(now) < TIMES.heard_ms, followed: this.#inStep }
  }

  /** Milliseconds until the next conversation may begin; 0 when one is under way or may begin now. */
  pause_ms(now: number): number {
    return this.#conversation === null ? Math.max(0, this.#connectAt - now) : 0
  }

  /** Moves on as far as the agent allows: asks it until it answers, then connects. Idempotent. */
  async follow(run: string, target: AgentTarget, session: StoredSession): Promise<void> {
    const now = this.#options.clock.now()
    if (this.#run !== run) {
      await this.close()
      this.#run = run
      this.#followedAt = now
      this.#heardAt = now
      this.#excusedUntil = now
    }
    if (this.#conversation?.over === true) {
      await this.#conversation.close()
      this.#conversation = null
      this.#ended(now)
    }
    if (this.#inStep) this.#stopAsking()
    else this.#ask(target, !this.#answers)
    if (this.#conversation === null && this.#answers && now >= this.#connectAt) this.#connect(target, session)
  }

  /** Asks the agent itself, with patience: the last word before its pod is taken away. */
  async answers(target: AgentTarget): Promise<boolean> {
    const { runtime, clock } = this.#options
    const answers = await runtime.probe(target, TIMES.last_probe_ms)
    if (answers) this.#heardAt = clock.now()
    return answers
  }

  /** Lets go of the agent. Resolves when nothing of it is written any more. */
  async close(): Promise<void> {
    this.#stopAsking()
    await this.#conversation?.close()
    this.#conversation = null
    this.#answers = false
    this.#run = null
    this.#ends = 0
    this.#connectAt = 0
    this.#trouble = null
    this.#brokeBecause = null
  }

  get #inStep(): boolean {
    return this.#conversation?.ready === true && this.#conversation.lostAt === null
  }

  /** A conversation ends by itself only when our store refused: at once again, it would only be refused again. */
  #ended(now: number): void {
    if (this.#inStepSince !== null && now - this.#inStepSince >= TIMES.steady_ms) this.#ends = 0
    this.#inStepSince = null
    this.#connectAt = now + Math.min(TIMES.backoff_min_ms * 2 ** this.#ends, TIMES.backoff_max_ms)
    this.#ends += 1
    this.#excusedUntil = this.#connectAt
  }

  #ask(target: AgentTarget, booting: boolean): void {
    const { runtime, clock, wake } = this.#options
    if (this.#prober?.booting === booting) return
    this.#stopAsking()
    const boot = (elapsed_ms: number) =>
      elapsed_ms < TIMES.slow_boot_ms ? TIMES.boot_probe_ms : TIMES.slow_boot_probe_ms
    const answered = () => {
      this.#heardAt = clock.now()
      if (this.#answers) return
      this.#answers = true
      wake()
    }
    const interval = booting ? boot : () => TIMES.check_probe_ms
    this.#prober = { booting, asks: new Prober({ runtime, clock, target, interval, answered }) }
  }

  #stopAsking(): void {
    this.#prober?.asks.close()
    this.#prober = null
  }

  #connect(target: AgentTarget, session: StoredSession): void {
    const { runtime } = this.#options
    const { title, agentSessionId, activity } = session
    const watched: Runtime = {
      ...runtime,
      connect: (options) => runtime.connect({ ...options, sink: watchSink(options.sink, this.#watcher()) }),
    }
    const options = { ...this.#options, runtime: watched, target, title, agentSessionId, activity }
    this.#conversation = new AgentConversation(options)
  }

  #watcher(): Parameters<typeof watchSink>[1] {
    const { clock } = this.#options
    return {
      heard: () => {
        this.#heardAt = clock.now()
        this.#excusedUntil = clock.now()
      },
      inStep: () => {
        this.#inStepSince = clock.now()
        this.#trouble = null
        this.#brokeBecause = null
      },
      refused: (error) => {
        this.#excusedUntil = clock.now()
        this.#trouble = isAppError(error, "unavailable") ? error.message : "The database refused it."
      },
      broke: (detail) => {
        this.#brokeBecause = detail
      },
    }
  }
}
