import type { AgentRequest, Change, Message, SessionEvent, SessionView } from "../../control-plane/ui/src/api/types.ts"
import { applyEvents, EMPTY, type TranscriptState } from "../../control-plane/ui/src/transcript/state.ts"

/** What changed, for the streams. */
export type Told =
  | { readonly kind: "event"; readonly id: string; readonly event: SessionEvent }
  | { readonly kind: "session"; readonly session: SessionView }
  | { readonly kind: "gone"; readonly id: string }

interface Kept {
  state: TranscriptState
  readonly events: SessionEvent[]
}

/** Sessions in memory, with an event log that streams can resume from. Only for trying the UI out. */
export function createStore(now: () => number) {
  const sessions = new Map<string, Kept>()
  const listeners = new Set<(told: Told) => void>()
  const tell = (told: Told) => {
    for (const listener of listeners) listener(told)
  }

  function get(id: string): Kept | undefined {
    return sessions.get(id)
  }

  /** Appends changes to the log and applies them. */
  function change(id: string, ...changes: readonly Change[]): void {
    const kept = sessions.get(id)
    if (!kept) return
    for (const one of changes) {
      const event = { seq: kept.state.lastSeq + 1, change: one }
      kept.events.push(event)
      kept.state = applyEvents(kept.state, [event])
      tell({ kind: "event", id, event })
    }
  }

  /** Changes the session itself and tells both streams. */
  function update(id: string, patch: Partial<SessionView>): void {
    const session = sessions.get(id)?.state.session
    if (!session) return
    const next = { ...session, ...patch, updatedAt: Math.max(now(), session.updatedAt + 1) }
    const { may: _, ...shared } = next
    change(id, { type: "session.updated", session: shared })
    tell({ kind: "session", session: next })
  }

  return {
    get,
    change,
    update,
    all: () => [...sessions.values()].flatMap(({ state }) => (state.session ? [state.session] : [])),
    add(session: SessionView, messages: readonly Message[] = [], requests: readonly AgentRequest[] = []): void {
      sessions.set(session.id, { state: { ...EMPTY, session, messages, requests }, events: [] })
      tell({ kind: "session", session })
    },
    remove(id: string): void {
      change(id, { type: "session.deleted" })
      sessions.delete(id)
      tell({ kind: "gone", id })
    },
    listen(listener: (told: Told) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export type Store = ReturnType<typeof createStore>
