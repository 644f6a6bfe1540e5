import type { Clock } from "../../time/index.ts"
import type { Conversation } from "./conversation.ts"
import { TIMES } from "./limits.ts"

export interface StatusPollOptions {
  readonly clock: Clock
  readonly conversation: Conversation
  /** Which conversations work, asked of the agent. */
  readonly read: () => Promise<ReadonlySet<string>>
  readonly signal: AbortSignal
  readonly changed: () => void
}

/**
 * Asks the agent what it does where its events do not say it: soon after an error (an unknown agent or a full disk gives
 * no idle event), and now and then while it is busy, with its heartbeats as the beat.
 */
export class StatusPoll {
  readonly #options: StatusPollOptions
  #asking = false
  #askedAt: number

  constructor(options: StatusPollOptions) {
    this.#options = options
    this.#askedAt = options.clock.now()
  }

  /** Called with every event. */
  consider(afterError: boolean): void {
    const { clock, conversation } = this.#options
    const overdue = conversation.busy && clock.now() - this.#askedAt >= TIMES.busy_poll_ms
    if (!this.#asking && (afterError || overdue)) void this.#ask()
  }

  async #ask(): Promise<void> {
    const { clock, conversation, read, signal, changed } = this.#options
    this.#asking = true
    try {
      await clock.sleep(TIMES.error_poll_ms, signal)
      const version = conversation.statusVersion
      const busy = await read()
      if (conversation.statusVersion === version) conversation.setBusy(busy)
      changed()
    } catch {
      // The stream's own end tells when the agent is gone.
    } finally {
      this.#askedAt = clock.now()
      this.#asking = false
    }
  }
}
