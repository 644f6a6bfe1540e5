import { isRefusedForGood } from "../database/index.ts"
import type { Change } from "./types.ts"

/** How many parts of transcripts are remembered as told: a history that is read again must not tell them again. */
const TOLD_MAX = 1_000

/**
 * Writes changes, and leaves out those that PostgreSQL will never store: one of them would otherwise stop the whole
 * transcript. The first time that one is left out, a notice takes its place.
 */
export class Refused {
  readonly #told = new Set<string>()

  /** Resolves with the sum of what `write` resolves with. @throws whatever else `write` throws */
  async write(
    sessionId: string,
    changes: readonly Change[],
    write: (changes: readonly Change[]) => Promise<number>,
  ): Promise<number> {
    try {
      return await write(changes)
    } catch (error) {
      if (!isRefusedForGood(error)) throw error
      const [only] = changes
      if (only === undefined || only === LEFT_OUT) throw error
      if (changes.length === 1) return this.#tell(sessionId, only) ? await write([LEFT_OUT]) : 0
      const half = changes.length >> 1
      const first = await this.write(sessionId, changes.slice(0, half), write)
      return first + (await this.write(sessionId, changes.slice(half), write))
    }
  }

  #tell(sessionId: string, change: Change): boolean {
    const key = `${sessionId} ${subjectOf(change)}`
    if (this.#told.has(key)) return false
    if (this.#told.size >= TOLD_MAX) this.#told.clear()
    this.#told.add(key)
    return true
  }
}

const LEFT_OUT: Change = {
  type: "notice",
  level: "error",
  code: "not_stored",
  message: "The agent said something that the database does not accept. It is left out here; the agent still has it.",
}

function subjectOf(change: Change): string {
  switch (change.type) {
    case "message.updated":
      return change.message.id
    case "part.updated":
      return change.part.id
    case "part.delta":
      return change.partId
    case "request.updated":
      return change.request.id
    default:
      return change.type
  }
}
