import type { PromptTurn } from "../types.ts"
import { LIMITS } from "./limits.ts"
import type { ReadMessage } from "./messages.ts"

type Failure = Extract<PromptTurn, { state: "failed" }>["error"]

/**
 * Which prompts of a session's own conversation have an answer. Every message of an answer names its prompt
 * (`parentID`). While the agent is idle, a prompt with a message that is over is settled; so is one after which the agent
 * went on by a user message of its own making, as it does when it compacts its context. Nothing is concluded from time or
 * from the agent being idle: both are the same before a turn and after it. Of the newest prompts only.
 */
export class Turns {
  /** Creation times, by the agent's clock, of its user messages. */
  readonly #prompts = new Map<string, number>()
  /** By prompt, whether a message of its answer is over. */
  readonly #answers = new Map<string, boolean>()
  #given: { readonly id: string; failure: Failure | null } | null = null

  /** A message of the session's own conversation. `over`: nobody writes it any more. Returns whether it was news. */
  note({ message, parentId }: ReadMessage, over: boolean): boolean {
    if (message.role === "user") {
      const isNews = !this.#prompts.has(message.id)
      keep(this.#prompts, message.id, message.createdAt)
      return isNews
    }
    if (parentId === undefined) return false
    const known = this.#answers.get(parentId)
    keep(this.#answers, parentId, known === true || over)
    return known !== true && known !== over
  }

  /** A prompt is being given to the agent. */
  given(id: string): void {
    this.#given = { id, failure: null }
  }

  /** The agent says that something failed in this conversation. */
  failed(failure: Failure): void {
    if (this.#given !== null) this.#given.failure ??= failure
  }

  /** What was said to have failed since this prompt was given to the agent; null: nothing. */
  failureOf(id: string): Failure | null {
    return this.#given?.id === id ? this.#given.failure : null
  }

  /** Whether this prompt is settled, given that the agent is idle. */
  isOver(id: string): boolean {
    return this.#answers.get(id) === true || this.#wentOnAfter(id)
  }

  #wentOnAfter(id: string): boolean {
    const createdAt = this.#prompts.get(id)
    if (createdAt === undefined) return false
    for (const [other, at] of this.#prompts) if (at > createdAt && this.#answers.get(other) === true) return true
    return false
  }
}

/** Sets it as the newest; the oldest goes when there are too many. */
function keep<T>(map: Map<string, T>, id: string, value: T): void {
  if (!map.has(id) && map.size >= LIMITS.tracked_turns_max) {
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
  map.set(id, value)
}
