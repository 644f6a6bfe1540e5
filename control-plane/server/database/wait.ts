import type { Logger } from "pino"
import { isAppError } from "../errors/index.ts"
import type { Clock } from "../time/index.ts"
import { explainConnection } from "./connection.ts"
import { translateDatabaseError } from "./errors.ts"
import type { Database } from "./types.ts"

const PAUSE_MS = 1_000

/**
 * Returns once PostgreSQL answers: at an installation it starts at the same time as we do.
 * @throws Error what it said last, after `limit_ms`, or at once when waiting cannot help (a wrong password)
 */
export async function waitForDatabase(
  database: Database,
  options: { clock: Clock; log: Logger; limit_ms: number },
): Promise<void> {
  const { clock, log, limit_ms } = options
  const startedAt = clock.now()
  for (;;) {
    try {
      await database.raw("SELECT 1")
      return
    } catch (error) {
      const passes = isAppError(translateDatabaseError(error), "unavailable")
      const waited_ms = clock.now() - startedAt
      if (!passes || waited_ms > limit_ms) throw explainConnection(error)
      log.warn({ err: error, waited_ms }, "the database does not answer yet")
    }
    await clock.sleep(PAUSE_MS)
  }
}
