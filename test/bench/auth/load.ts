import { Pool } from "undici"

const callers_count = 16

/** One answered request; times as of `performance.now()`. */
export interface Answer {
  readonly status: number
  readonly sent: number
  readonly took_ms: number
}

/** Many callers of one listener, whose connections are kept from one load to the next. */
export interface Callers {
  /**
   * Asks for the same path again and again, 16 callers at a time, each over a connection of its own.
   * @param isOver asked before every request
   */
  load(path: string, headers: Readonly<Record<string, string>>, isOver: () => boolean): Promise<Answer[]>
  close(): Promise<void>
}

/** Callers of the listener at this origin; nothing is dialled yet. */
export function createCallers(origin: string): Callers {
  const pool = new Pool(origin, { connections: callers_count })
  return {
    async load(path, headers, isOver) {
      const answers: Answer[] = []
      const caller = async () => {
        while (!isOver()) {
          const sent = performance.now()
          const { statusCode, body } = await pool.request({ method: "GET", path, headers })
          await body.dump({ limit: 10_000_000 })
          answers.push({ status: statusCode, sent, took_ms: performance.now() - sent })
        }
      }
      await Promise.all(Array.from({ length: callers_count }, caller))
      return answers
    },
    close: () => pool.close(),
  }
}

/** The value below which this share (0 to 1) of the values lies. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
