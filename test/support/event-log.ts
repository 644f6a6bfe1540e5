import { setTimeout as pause } from "node:timers/promises"
import type { Change, SessionEvent } from "../../control-plane/server/transcripts/types.ts"
import { firstAppended } from "./appended.ts"
import { ApiError, type Client } from "./client.ts"

const reconnect_ms = 200

/** Follows one session as a patient browser does: comes back with the last number after every cut. */
export interface EventLog {
  readonly events: readonly SessionEvent[]
  /** Gaps, repeats and resets; an event log that keeps its promise has none. */
  readonly faults: readonly string[]
  /** How often the stream had to be opened again. */
  reconnects(): number
  /**
   * The first event, old or new, of which `matches` is true.
   * @throws Error after `timeout_ms`, with the last events
   */
  waitFor(what: string, matches: (change: Change, seq: number) => boolean, timeout_ms: number): Promise<SessionEvent>
  close(): Promise<void>
}

/** @param client asked before every connection, so that a replica that is gone can be left */
export function followEvents(client: () => Client | Promise<Client>, sessionId: string, after = 0): EventLog {
  const events: SessionEvent[] = []
  const faults: string[] = []
  const listeners = new Set<() => void>()
  const stopped = new AbortController()
  let last = after
  let connections = 0

  const take = (event: SessionEvent | "reset") => {
    if (event === "reset") {
      faults.push(`reset after ${last}`)
      return
    }
    if (event.seq !== last + 1) faults.push(`${event.seq} after ${last}`)
    last = event.seq
    events.push(event)
    for (const listener of listeners) listener()
  }

  const follow = async () => {
    while (!stopped.signal.aborted) {
      connections += 1
      try {
        for await (const event of (await client()).events(sessionId, last, stopped.signal)) take(event)
      } catch (error) {
        // The session is gone; everything else is what reconnecting is for.
        if (error instanceof ApiError && error.status === 404) return
      }
      if (events.at(-1)?.change.type === "session.deleted") return
      await pause(reconnect_ms)
    }
  }
  const following = follow()

  return {
    events,
    faults,
    reconnects: () => connections - 1,
    waitFor: (what, matches, timeout_ms) =>
      firstAppended({
        items: events,
        listeners,
        matches: ({ change, seq }) => matches(change, seq),
        timeout_ms,
        failure: () => {
          const lastOnes = events.slice(-5).map((event) => JSON.stringify(event).slice(0, 400))
          const words = `${what}: not seen within ${timeout_ms / 1000} s; the last of ${events.length} events:`
          return [words, ...lastOnes].join("\n")
        },
      }),
    close: async () => {
      stopped.abort()
      await following
    },
  }
}
