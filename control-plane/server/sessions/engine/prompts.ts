import type { Logger } from "pino"
import { isAppError } from "../../errors/index.ts"
import type { Lease } from "../../leases/types.ts"
import type { AgentConnection, PromptTurn, Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { QueuedPrompt, Transcripts } from "../../transcripts/types.ts"
import { COUNTS, TIMES } from "./limits.ts"

export interface PromptsOptions {
  readonly runtime: Pick<Runtime, "newMessageId">
  readonly transcripts: Transcripts
  readonly clock: Clock
  readonly log: Logger
  readonly lease: Lease
  readonly connection: Pick<AgentConnection, "turnOf" | "askTurn" | "prompt">
  /** Throws when the lease may no longer be acted on. */
  readonly guard: () => void
  /** In step with the agent, which is idle as far as it has told. */
  readonly mayGive: () => boolean
}

/** The awaited prompt as one connection knows it. */
interface Current {
  readonly messageId: string
  readonly since: number
  refusals: number
  /** Before this time the agent is not asked about it. */
  notBefore: number
}

const NO_ANSWER = {
  code: "agent_failed",
  message: "The agent took the message several times and did not begin to answer it.",
}

/**
 * Brings a session's prompts to its agent, one after the other: a prompt goes only when the agent's own messages say that
 * the one before is over. One that shows no answer is given to the agent again, under the same id, which makes no
 * difference to an agent that has it. The stored history has the prompt whose end is awaited, so that another replica and
 * another run of the agent go on from there.
 */
export class Prompts {
  readonly #options: PromptsOptions
  #current: Current | null = null

  constructor(options: PromptsOptions) {
    this.#options = options
  }

  /**
   * One step: settles the awaited prompt, or gives the agent the next. `podStays` is asked right before: what a pod gets
   * that is being deleted is lost with it. Returns milliseconds after which to look again; null when nothing waits.
   * @throws AppError `stale_lease`
   */
  async step(podStays: () => boolean): Promise<number | null> {
    const { transcripts, lease, mayGive } = this.#options
    const prompt = await transcripts.nextPrompt(lease.sessionId)
    if (prompt === null) return null
    if (!mayGive()) return TIMES.idle_look_ms
    const { agentMessageId } = prompt
    try {
      if (agentMessageId === null || !prompt.awaited) return await this.#give(prompt, podStays)
      const turn = await this.#turnOf(prompt, agentMessageId)
      if (typeof turn === "number") return turn
      if (turn.state === "running") return TIMES.look_ms
      if (turn.state === "none") return await this.#again(prompt, podStays)
      await this.#settle(prompt, turn)
      return 0
    } catch (error) {
      if (!isAppError(error, "agent_failed")) throw error
      return await this.#refused(prompt, error.message)
    }
  }

  /** The agent cannot be heard: what is known of its current prompt is out of date. */
  lost(): void {
    this.#current = null
  }

  /** What has become of the awaited prompt; a number: not known, look again after so many milliseconds. */
  async #turnOf(prompt: QueuedPrompt, agentMessageId: string): Promise<PromptTurn | number> {
    const { connection, clock } = this.#options
    const told = connection.turnOf(agentMessageId)
    if (told.state !== "none") return told
    // Queued again: this run of the agent was not given it yet.
    if (prompt.delivery === "queued") return told
    const now = clock.now()
    const current = this.#track(prompt)
    const wait_ms = current.notBefore - now
    if (wait_ms > 0) return Math.min(wait_ms, TIMES.look_ms)
    return await connection.askTurn(agentMessageId)
  }

  /** The first look at a prompt is when an earlier holder of the lease may just have given it to the agent. */
  #track({ messageId }: QueuedPrompt): Current {
    const now = this.#options.clock.now()
    if (this.#current?.messageId !== messageId) {
      this.#current = { messageId, since: now, refusals: 0, notBefore: now + TIMES.turn_begins_ms }
    }
    return this.#current
  }

  async #again(prompt: QueuedPrompt, podStays: () => boolean): Promise<number> {
    if (prompt.attempts < COUNTS.prompt_attempts) return await this.#give(prompt, podStays)
    await this.#settle(prompt, { state: "failed", error: NO_ANSWER })
    return 0
  }

  async #settle({ messageId }: QueuedPrompt, turn: PromptTurn): Promise<void> {
    const { transcripts, lease } = this.#options
    if (turn.state === "failed") await transcripts.markFailed(lease, messageId, turn.error)
    else await transcripts.markAnswered(lease, messageId)
    this.#current = null
  }

  async #give(prompt: QueuedPrompt, podStays: () => boolean): Promise<number> {
    const { transcripts, runtime, lease, connection, guard, mayGive, clock } = this.#options
    const { messageId, parts } = prompt
    if (!podStays()) return TIMES.look_ms
    // Made only now: the agent orders by it, so it must be newer than everything that the agent has written.
    const agentMessageId = prompt.agentMessageId ?? runtime.newMessageId()
    await transcripts.markSending(lease, messageId, agentMessageId)
    guard()
    // All of it may have changed while this was written down. The prompt keeps its id and is sent at a later look.
    const current = this.#track(prompt)
    current.notBefore = clock.now()
    if (!mayGive() || !podStays() || connection.turnOf(agentMessageId).state !== "none") return TIMES.look_ms
    await connection.prompt({ agentMessageId, parts })
    // Counts from the answer, which may take long. A machine under load gets more time with each attempt.
    const patience = Math.min(prompt.attempts + 1, COUNTS.patience)
    current.notBefore = clock.now() + TIMES.turn_begins_ms * patience
    await transcripts.markSent(lease, messageId)
    return TIMES.look_ms
  }

  async #refused(prompt: QueuedPrompt, message: string): Promise<number> {
    const { transcripts, lease, clock, log } = this.#options
    const current = this.#track(prompt)
    current.refusals += 1
    const attempt = current.refusals
    log.warn({ session: lease.sessionId, attempt }, "the agent did not take a prompt")
    const over = clock.now() - current.since >= TIMES.prompt_ms
    if (attempt >= COUNTS.prompt_attempts || (attempt > 1 && over)) {
      await transcripts.markFailed(lease, prompt.messageId, { code: "agent_failed", message })
      this.#current = null
      return 0
    }
    const backoff_ms = Math.min(TIMES.backoff_min_ms * 2 ** attempt, TIMES.backoff_max_ms)
    current.notBefore = clock.now() + backoff_ms
    return backoff_ms
  }
}
