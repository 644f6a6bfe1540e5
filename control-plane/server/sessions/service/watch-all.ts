import type { Database, Notifications } from "../../database/types.ts"
import type { Principal } from "../../identity/types.ts"
import type { Clock } from "../../time/index.ts"
import { accessTo } from "../permissions.ts"
import type { SessionView } from "../service-types.ts"
import { findSessions, listVisibleIds } from "../store/sessions.ts"
import { viewOf } from "../view.ts"

/** Changes that come within this time are told once. */
const GATHER_MS = 100
/** With more changes than this the reader is better off reading the list again. */
const CHANGES_MAX = 200
const KNOWN_MAX = 20_000

export type ListChange = { type: "session"; session: SessionView } | { type: "gone"; id: string } | null

/** Changes of all sessions that the principal may see, until the signal aborts. See `Sessions.watchAll`. */
export async function* watchAll(
  parts: { database: Database; notifications: Notifications; clock: Clock },
  principal: Principal,
  signal: AbortSignal,
): AsyncGenerator<ListChange> {
  const { database, notifications, clock } = parts
  const changed = new Set<string>()
  let missed = false
  let woken = Promise.withResolvers<void>()
  const wake = () => woken.resolve()
  const unsubscribe = notifications.subscribe("berth_sessions", (id) => {
    if (id === null || changed.size >= CHANGES_MAX) missed = true
    else changed.add(id)
    wake()
  })
  signal.addEventListener("abort", wake, { once: true })
  try {
    // What it can have seen: only of these it is told that they are gone.
    const known = new Set(await listVisibleIds(database, principal, KNOWN_MAX))
    while (!signal.aborted) {
      await woken.promise
      await clock.sleep(GATHER_MS, signal).catch(() => undefined)
      woken = Promise.withResolvers()
      if (signal.aborted) return
      const ids = [...changed]
      changed.clear()
      if (missed) {
        missed = false
        yield null
        continue
      }
      yield* changesOf(await findSessions(database, ids), ids, principal, known)
    }
  } finally {
    unsubscribe()
    signal.removeEventListener("abort", wake)
  }
}

function* changesOf(
  found: Awaited<ReturnType<typeof findSessions>>,
  ids: readonly string[],
  principal: Principal,
  known: Set<string>,
): Generator<ListChange> {
  const sessions = new Map(found.map((session) => [session.id, session]))
  for (const id of ids) {
    const session = sessions.get(id)
    if (session !== undefined && accessTo(session, principal) !== "none") {
      if (known.size < KNOWN_MAX) known.add(id)
      yield { type: "session", session: viewOf(session, principal) }
    } else if (known.delete(id)) {
      yield { type: "gone", id }
    }
  }
}
