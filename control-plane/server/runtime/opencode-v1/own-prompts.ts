import { LIMITS } from "./limits.ts"

/**
 * Which of the user's messages in the agent are prompts that we sent. Asked of the store once and kept, so that an agent that
 * makes up messages causes no queries.
 */
export class OwnPrompts {
  readonly #ids = new Set<string>()
  readonly #read: () => Promise<readonly string[]>
  #reading: Promise<void> | null = null

  /** `read`: the agent's ids of the newest prompts, newest first. */
  constructor(read: () => Promise<readonly string[]>) {
    this.#read = read
  }

  /** A prompt is about to be sent under this id. */
  note(agentMessageId: string): void {
    this.#ids.delete(agentMessageId)
    this.#ids.add(agentMessageId)
    const [oldest] = this.#ids
    if (oldest !== undefined && this.#ids.size > LIMITS.own_prompts_max) this.#ids.delete(oldest)
  }

  /** @throws AppError `unavailable` when the store is; the next call asks it again */
  async has(agentMessageId: string): Promise<boolean> {
    if (this.#ids.has(agentMessageId)) return true
    this.#reading ??= this.#readAll().catch((error: unknown) => {
      this.#reading = null
      throw error
    })
    await this.#reading
    return this.#ids.has(agentMessageId)
  }

  async #readAll(): Promise<void> {
    const stored = await this.#read()
    const noted = [...this.#ids]
    this.#ids.clear()
    for (const id of [...stored.toReversed(), ...noted]) this.note(id)
  }
}
