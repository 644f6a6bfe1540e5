import type { Database, Notifications } from "../../database/types.ts"
import type { Principal } from "../../identity/types.ts"
import type { Clock } from "../../time/index.ts"
import { accessTo } from "../permissions.ts"
import { readProtection } from "../store/sessions.ts"

/** Rights are looked at again at least this often, whether or not a notification came. */
const RECHECK_MS = 2_500

interface Watched {
  readonly sessionId: string
  readonly principal: Pick<Principal, "userId" | "role">
  readonly end: () => void
}

/** Ends open streams whose reader may no longer read; one query for all of them. */
export class RightsWatch {
  readonly #parts: { database: Database; notifications: Notifications; clock: Clock }
  readonly #watched = new Set<Watched>()
  #unsubscribe: (() => void) | null = null
  #loop: AbortController | null = null

  constructor(parts: { database: Database; notifications: Notifications; clock: Clock }) {
    this.#parts = parts
  }

  /** Calls `end` once the principal may no longer read the session. The result takes the watch back. */
  watch(sessionId: string, principal: Pick<Principal, "userId" | "role">, end: () => void): () => void {
    const watched = { sessionId, principal, end }
    this.#watched.add(watched)
    if (this.#loop === null) this.#start()
    return () => {
      this.#watched.delete(watched)
      if (this.#watched.size === 0) this.#halt()
    }
  }

  #start(): void {
    const { notifications, clock } = this.#parts
    const loop = new AbortController()
    this.#loop = loop
    this.#unsubscribe = notifications.subscribe("berth_sessions", (id) => {
      const concerned = [...this.#watched].filter((watched) => id === null || watched.sessionId === id)
      if (concerned.length > 0) void this.#check(concerned)
    })
    const run = async () => {
      while (!loop.signal.aborted) {
        await clock.sleep(RECHECK_MS, loop.signal).catch(() => undefined)
        if (!loop.signal.aborted) await this.#check([...this.#watched])
      }
    }
    void run()
  }

  #halt(): void {
    this.#unsubscribe?.()
    this.#loop?.abort(new Error("nothing is watched"))
    this.#loop = null
  }

  async #check(concerned: readonly Watched[]): Promise<void> {
    try {
      const rows = await readProtection(this.#parts.database, [...new Set(concerned.map((one) => one.sessionId))])
      for (const { sessionId, principal, end } of concerned) {
        const session = rows.get(sessionId)
        // A deleted session ends its stream by itself, after its last event.
        if (session === undefined) continue
        const access = accessTo(session, principal)
        if (access === "none" || access === "exists") end()
      }
    } catch {
      // The database is away: what cannot be proven must not go on.
      for (const { end } of concerned) end()
    }
  }
}
