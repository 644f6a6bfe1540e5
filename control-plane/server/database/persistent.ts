import type { Logger } from "pino"
import type { Clock } from "../time/index.ts"

/** Pauses between attempts, in milliseconds: doubled from the first to the longest, 45 s in all. */
const PAUSE_MS = { first: 250, longest: 5_000 }
const ATTEMPTS_MAX = 14

export interface PersistentParts {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * A write of something that cannot be asked for a second time. Resolves after the first attempt; when that fails, further
 * attempts are made in the background for 45 s. `write` may run again after an attempt that did succeed.
 */
export async function writePersistently(
  parts: PersistentParts,
  what: string,
  write: () => Promise<unknown>,
): Promise<void> {
  try {
    await write()
  } catch (error) {
    parts.log.warn({ err: error, what }, "a write failed and is tried again")
    void repeat(parts, what, write)
  }
}

async function repeat({ clock, log }: PersistentParts, what: string, write: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    await clock.sleep(Math.min(PAUSE_MS.first * 2 ** attempt, PAUSE_MS.longest))
    try {
      await write()
      return
    } catch (error) {
      if (attempt === ATTEMPTS_MAX - 1) log.error({ err: error, what }, "a write failed for good")
    }
  }
}
