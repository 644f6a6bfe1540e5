import type { Clock } from "../../time/index.ts"
import type { Change } from "../../transcripts/types.ts"
import type { RuntimeSink } from "../types.ts"
import type { Conversation } from "./conversation.ts"
import { LIMITS, RATES, TIMES } from "./limits.ts"
import type { Outgoing } from "./outbox.ts"
import type { OwnPrompts } from "./own-prompts.ts"

export interface DeliveryOptions {
  readonly conversation: Conversation
  readonly sink: RuntimeSink
  readonly clock: Clock
  readonly own: OwnPrompts
  /** Called once when the sink rejects; nothing is delivered after it. */
  readonly refuse: (error: unknown) => void
}

/** Brings a conversation's news to the sink: one call after the other, text at most every 40 ms. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #stop = new AbortController()
  readonly #pumping: Promise<void>
  #chain: Promise<void> = Promise.resolve()
  #woken = Promise.withResolvers<void>()

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#pumping = this.#pump()
  }

  /** Something may have come into the outbox. */
  wake(): void {
    this.#woken.resolve()
  }

  /** Resolves when everything that is due now was delivered, or the sink refused. */
  async drain(): Promise<void> {
    await this.inOrder(() => this.#deliver(RATES.catch_up_chars_per_ms))
  }

  /** Calls the sink after everything that was handed over before. Never rejects: see `refuse`. */
  async inOrder(work: () => Promise<void>): Promise<void> {
    this.#chain = this.#chain.then(async () => {
      if (this.#stop.signal.aborted) return
      try {
        await work()
      } catch (error) {
        this.#stop.abort(error)
        this.#options.refuse(error)
      }
    })
    await this.#chain
  }

  /** Resolves when no call of the sink is under way and none will follow. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error("stopped"))
    this.wake()
    await this.#pumping
    await this.#chain
  }

  async #pump(): Promise<void> {
    const { clock, conversation } = this.#options
    while (!this.#stop.signal.aborted) {
      const dueAt = conversation.outbox.dueAt ?? Number.POSITIVE_INFINITY
      if (dueAt === Number.POSITIVE_INFINITY) {
        await this.#woken.promise
        this.#woken = Promise.withResolvers()
      }
      const wait_ms = Number.isFinite(dueAt) ? Math.max(TIMES.text_flush_ms, dueAt - clock.now()) : TIMES.text_flush_ms
      await clock.sleep(wait_ms, this.#stop.signal).catch(() => undefined)
      await this.inOrder(() => this.#deliver(RATES.delivery_chars_per_ms))
    }
  }

  /** Takes its time: meanwhile the outbox coalesces. */
  async #deliver(chars_per_ms: number): Promise<void> {
    const { conversation, sink, clock } = this.#options
    // Before its words, which may take their time: nobody should take an agent that works for idle.
    if (conversation.beginsToWork) await this.#tellActivity()
    // No more than there is now: an agent that never stops talking must not keep the rest from being told.
    let left = conversation.outbox.size
    while (left > 0 && !this.#stop.signal.aborted) {
      const batch = conversation.outbox.take(clock.now(), LIMITS.batch_changes, LIMITS.batch_chars)
      if (batch.length === 0) break
      left -= batch.length
      const changes: Change[] = []
      for (const outgoing of batch) {
        if (!(await this.#isOurs(outgoing))) changes.push(outgoing.change)
      }
      if (changes.length > 0) await sink.changes(changes)
      const pause_ms = Math.floor(batch.reduce((sum, { chars }) => sum + chars, 0) / chars_per_ms)
      if (pause_ms >= TIMES.text_flush_ms) await clock.sleep(pause_ms, this.#stop.signal).catch(() => undefined)
    }
    await this.#tellActivity()
  }

  async #tellActivity(): Promise<void> {
    const activity = this.#options.conversation.takeActivity()
    if (activity !== null) await this.#options.sink.activity(activity)
  }

  /** A prompt of ours is in the transcript already, under our own id: what the agent says about it adds nothing. */
  async #isOurs({ userMessageId }: Outgoing): Promise<boolean> {
    return userMessageId !== null && (await this.#options.own.has(userMessageId))
  }
}
