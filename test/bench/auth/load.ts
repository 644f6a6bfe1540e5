import { Pool } from "undici"

const callers_count = 16

/** One answered request; times as of `performance.now()`. */
export interface Answer {
  readonly status: number
  readonly sent: number
  readonly took_ms: number
}

/**
 * Asks for the same address again and again, 16 callers at a time, each over a connection of its own.
 * @param isOver asked before every request
 */
export async function load(url: string, cookie: string, isOver: () => boolean): Promise<Answer[]> {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections: callers_count })
  const answers: Answer[] = []
  const caller = async () => {
    while (!isOver()) {
      const sent = performance.now()
      const { statusCode, body } = await pool.request({ method: "GET", path: pathname, headers: { cookie } })
      await body.dump({ limit: 10_000_000 })
      answers.push({ status: statusCode, sent, took_ms: performance.now() - sent })
    }
  }
  await Promise.all(Array.from({ length: callers_count }, caller))
  await pool.close()
  return answers
}

/** The value below which this share (0 to 1) of the values lies. NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
