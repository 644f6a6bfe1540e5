import { type Api, mayPass, messageOf } from "../api/client.ts"
import type { Outgoing } from "../transcript/rows/UserRow.tsx"

export interface Outbox {
  snapshot(): readonly Outgoing[]
  subscribe(listener: () => void): () => void
  send(text: string): void
  /** Sends again: one of them, or all that wait for the server. The same ids, so nothing arrives twice. */
  retry(id?: string): void
  discard(id: string): void
  /** Forgets those that have arrived. */
  arrived(ids: ReadonlySet<string>): void
}

export interface OutboxOptions {
  readonly api: Api
  readonly sessionId: string
  readonly newId: () => string
  /** What was not stored when the page was left. */
  readonly kept: readonly Outgoing[]
  readonly keep: (items: readonly Outgoing[]) => void
}

/** Prompts on their way to the server, one after the other so that their order holds. None is lost by a reload. */
export function createOutbox({ api, sessionId, newId, kept, keep }: OutboxOptions): Outbox {
  const listeners = new Set<() => void>()
  let items: readonly Outgoing[] = kept.map((item) => ({ ...item, state: "waiting" }))
  let sending = false

  function set(next: readonly Outgoing[]): void {
    items = next
    const unsent = items.filter((item) => item.state !== "stored")
    keep(unsent)
    for (const listener of listeners) listener()
  }

  function patch(id: string, change: Partial<Outgoing>): void {
    set(items.map((item) => (item.id === id ? { ...item, ...change } : item)))
  }

  async function work(): Promise<void> {
    if (sending) return
    sending = true
    for (let item = nextOf(items); item; item = nextOf(items)) {
      const { id, text } = item
      try {
        await api.request(`sessions/${encodeURIComponent(sessionId)}/messages`, { method: "POST", body: { id, text } })
        patch(id, { state: "stored", error: null })
      } catch (error) {
        patch(id, { state: mayPass(error) ? "waiting" : "refused", error: messageOf(error) })
        break
      }
    }
    sending = false
  }

  return {
    snapshot: () => items,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    send(text) {
      set([...items, { id: newId(), text, state: "sending", error: null }])
      void work()
    },
    retry(id) {
      const again = (item: Outgoing) => (id === undefined ? item.state === "waiting" : item.id === id)
      if (!items.some(again)) return
      set(items.map((item) => (again(item) ? { ...item, state: "sending", error: null } : item)))
      void work()
    },
    discard: (id) => set(items.filter((item) => item.id !== id)),
    arrived(ids) {
      if (items.some((item) => ids.has(item.id))) set(items.filter((item) => !ids.has(item.id)))
    },
  }
}

function nextOf(items: readonly Outgoing[]): Outgoing | undefined {
  return items.find((item) => item.state === "sending")
}
