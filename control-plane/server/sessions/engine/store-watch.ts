import { isAppError } from "../../errors/index.ts"
import type { RuntimeSink } from "../../runtime/types.ts"

export interface StoreWatcher {
  /** The agent said something: it is there, whatever becomes of it here. */
  heard(): void
  /** The connection is in step with the agent, and that is stored. */
  inStep(): void
  /** Our own store did not take or give something: what follows from it says nothing about the agent. */
  refused(error: unknown): void
  /** Why the stream broke, in the runtime's words; null when it is back. */
  broke(detail: string | null): void
}

/** The same sink, with somebody who watches whether it is the agent or our own store that fails. */
export function watchSink(sink: RuntimeSink, watcher: StoreWatcher): RuntimeSink {
  const stored = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      if (!isAppError(error, "stale_lease")) watcher.refused(error)
      throw error
    }
  }
  return {
    agentSession(id) {
      watcher.heard()
      return stored(sink.agentSession(id))
    },
    changes(changes) {
      watcher.heard()
      return stored(sink.changes(changes))
    },
    activity(activity) {
      watcher.heard()
      return stored(sink.activity(activity))
    },
    ownPrompts: (limit) => stored(sink.ownPrompts(limit)),
    storedTexts: (partIds) => stored(sink.storedTexts(partIds)),
    async ready() {
      watcher.heard()
      await stored(sink.ready())
      watcher.inStep()
    },
    link(state, detail) {
      watcher.broke(state === "lost" ? detail : null)
      sink.link(state, detail)
    },
  }
}
