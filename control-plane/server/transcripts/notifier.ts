import type { Logger } from "pino"
import type { Database } from "../database/index.ts"
import { notifyEvents } from "./log-store.ts"

/**
 * Tells other processes that logs have grown: outside of the writing transactions, because PostgreSQL lets only one
 * transaction with a NOTIFY commit at a time, and for many sessions in one statement. One that is lost with the process
 * costs a watcher at most the second until it looks by itself.
 */
export class Notifier {
  readonly #database: Database
  readonly #log: Logger
  #waiting = new Set<string>()
  #sending: Promise<void> | null = null

  constructor(database: Database, log: Logger) {
    this.#database = database
    this.#log = log
  }

  notify(sessionId: string): void {
    this.#waiting.add(sessionId)
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null
    })
  }

  async #send(): Promise<void> {
    while (this.#waiting.size > 0) {
      const sessionIds = [...this.#waiting]
      this.#waiting = new Set()
      await notifyEvents(this.#database, sessionIds).catch((error: unknown) =>
        this.#log.warn({ err: error }, "cannot notify other replicas of new events"),
      )
    }
  }
}
