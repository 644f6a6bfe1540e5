import type { Logger } from "pino"
import type { Database, Notifications } from "../database/index.ts"
import type { Clock } from "../time/index.ts"
import { readHeads, readLog } from "./log-store.ts"
import { Tail } from "./tail.ts"

/** What the newest events of one watched session may hold in memory, whatever the number of its watchers. */
const TAIL_LIMITS = { events_max: 500, chars_max: 1024 * 1024 }
const READ_EVENTS_MAX = 500
/** A lost notification is noticed after this. */
const LOOK_INTERVAL_MS = 1000

export interface LiveOptions {
  readonly database: Database
  readonly notifications: Notifications
  readonly clock: Clock
  readonly log: Logger
}

interface Watched {
  readonly tail: Tail
  looking: Promise<void> | null
  again: boolean
}

/**
 * Keeps the tails of the sessions that somebody in this process watches up to date: woken by notifications and by writers
 * in the same process, and looking by itself once a second for all of them in one statement.
 */
export class Live {
  readonly #options: LiveOptions
  readonly #watched = new Map<string, Watched>()
  #sweeping = false

  constructor(options: LiveOptions) {
    this.#options = options
    options.notifications.subscribe("berth_events", (sessionId) => {
      if (sessionId === null) for (const watchedId of this.#watched.keys()) this.poke(watchedId)
      else this.poke(sessionId)
    })
  }

  /** The session's tail, which is kept up to date until it is released as often as it was acquired. */
  acquire(sessionId: string): Tail {
    const known = this.#watched.get(sessionId)
    const watched = known ?? { tail: new Tail(TAIL_LIMITS), looking: null, again: false }
    watched.tail.watchers++
    if (known === undefined) {
      this.#watched.set(sessionId, watched)
      this.poke(sessionId)
      if (!this.#sweeping) void this.#sweep()
    }
    return watched.tail
  }

  release(sessionId: string): void {
    const watched = this.#watched.get(sessionId)
    if (watched !== undefined && --watched.tail.watchers === 0) this.#watched.delete(sessionId)
  }

  /** The session's log may have grown. */
  poke(sessionId: string): void {
    const watched = this.#watched.get(sessionId)
    if (watched === undefined) return
    if (watched.looking !== null) {
      watched.again = true
      return
    }
    watched.looking = this.#look(sessionId, watched).finally(() => {
      watched.looking = null
    })
  }

  async #look(sessionId: string, watched: Watched): Promise<void> {
    try {
      do {
        watched.again = false
        await this.#read(sessionId, watched.tail)
      } while (watched.again && !watched.tail.gone)
    } catch (error) {
      this.#options.log.warn({ err: error, session: sessionId }, "cannot read a session's events; trying again")
    }
  }

  async #read(sessionId: string, tail: Tail): Promise<void> {
    const { database } = this.#options
    if (tail.head === null) {
      const head = (await readHeads(database, [sessionId])).get(sessionId)
      return head === undefined ? tail.end() : tail.begin(head)
    }
    for (;;) {
      const log = await readLog(database, sessionId, tail.head, READ_EVENTS_MAX)
      if (log === null) return tail.end()
      tail.push(log.events)
      if (log.events.length === 0 || tail.head >= log.head) return
    }
  }

  async #sweep(): Promise<void> {
    const { clock, database, log } = this.#options
    this.#sweeping = true
    while (this.#watched.size > 0) {
      await clock.sleep(LOOK_INTERVAL_MS)
      const sessionIds = [...this.#watched.keys()]
      const heads = await readHeads(database, sessionIds).catch((error: unknown) => {
        log.warn({ err: error }, "cannot look for new events; trying again")
        return null
      })
      if (heads === null) continue
      for (const sessionId of sessionIds) {
        const head = this.#watched.get(sessionId)?.tail.head
        if (heads.get(sessionId) !== head) this.poke(sessionId)
      }
    }
    this.#sweeping = false
  }
}
