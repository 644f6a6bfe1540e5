import type { Logger } from "pino"
import type { Database } from "../../database/types.ts"
import type { AgentTarget, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { StoredSession } from "../store/rows.ts"
import { AgentConversation } from "./conversation.ts"
import type { Journal } from "./journal.ts"
import { TIMES } from "./limits.ts"
import { Prober } from "./prober.ts"

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

/** From "is it there?" to the conversation, for one run of an agent at a time. */
export class AgentLink {
  readonly #options: AgentLinkOptions
  #run: string | null = null
  #prober: Prober | null = null
  #conversation: AgentConversation | null = null
  #answers = false
  #heardAt = 0

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

  /** Milliseconds in which the agent did not let itself be heard. */
  silent_ms(now: number): number {
    if (this.#run === null) return 0
    if (this.#conversation?.ready === true && this.#conversation.lostAt === null) return 0
    return now - Math.max(this.#heardAt, this.#conversation?.lostAt ?? 0)
  }

  /** Moves on as far as the agent allows: asks it until it answers, then connects. Idempotent. */
  async follow(run: string, target: AgentTarget, session: StoredSession): Promise<void> {
    if (this.#run !== run) {
      await this.close()
      this.#run = run
      this.#heardAt = this.#options.clock.now()
    }
    if (this.#conversation?.over === true) {
      await this.#conversation.close()
      this.#conversation = null
    }
    if (this.#conversation !== null) {
      if (this.#conversation.lostAt === null) this.#stopAsking()
      else this.#ask(target, () => TIMES.check_probe_ms)
    } else if (this.#answers) {
      this.#stopAsking()
      this.#conversation = this.#connect(target, session)
    } else {
      this.#ask(target, (elapsed_ms) =>
        elapsed_ms < TIMES.slow_boot_ms ? TIMES.boot_probe_ms : TIMES.slow_boot_probe_ms,
      )
    }
  }

  /** Lets go of the agent. Resolves when nothing of it is written any more. */
  async close(): Promise<void> {
    this.#stopAsking()
    await this.#conversation?.close()
    this.#conversation = null
    this.#answers = false
    this.#run = null
  }

  #ask(target: AgentTarget, interval: (elapsed_ms: number) => number): void {
    const { runtime, clock, wake } = this.#options
    this.#prober ??= new Prober({
      runtime,
      clock,
      target,
      interval,
      answered: () => {
        this.#heardAt = clock.now()
        if (this.#answers) return
        this.#answers = true
        wake()
      },
    })
  }

  #stopAsking(): void {
    this.#prober?.close()
    this.#prober = null
  }

  #connect(target: AgentTarget, session: StoredSession): AgentConversation {
    const { title, agentSessionId, activity } = session
    return new AgentConversation({ ...this.#options, target, title, agentSessionId, activity })
  }
}
