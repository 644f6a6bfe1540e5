import { useQueryClient } from "@tanstack/react-query"
import { useEffect, useState } from "react"
import type { Api } from "../api/client.ts"
import { newId } from "../api/ids.ts"
import { useApi } from "../app/services.ts"
import { keep, onForgotten, recallAll } from "../app/storage.ts"
import { whileVisible } from "../app/visibility.ts"
import { knownSession } from "../sessions/queries.ts"
import { useStreams } from "../streams/context.ts"
import { type LiveSession, openLiveSession } from "../transcript/live.ts"
import type { Outgoing } from "../transcript/rows/UserRow.tsx"
import { createOutbox, type Outbox } from "./outbox.ts"

/** A tab in the background gives its connection back after this; it resumes where it was. */
const HIDDEN_MS_MAX = 60_000
const FLUSH_MS = 40
/** In the background there are no frames. */
const FLUSH_HIDDEN_MS = 250

export interface PageSession {
  readonly live: LiveSession
  readonly outbox: Outbox
}

/** Opens a session for as long as its page is shown. Null until then. */
export function usePageSession(id: string): PageSession | null {
  const api = useApi()
  const streams = useStreams()
  const client = useQueryClient()
  const [opened, setOpened] = useState<PageSession | null>(null)
  useEffect(() => {
    const live = openLiveSession({ api, streams, id, session: knownSession(client, id), schedule: createScheduler() })
    const outbox = openOutbox(api, id)
    const stopListening = onForgotten(outboxKey(id), outbox.goneElsewhere)
    let linkState = live.snapshot().link.state
    const stopWatching = whileVisible(live, HIDDEN_MS_MAX)
    const unsubscribe = live.subscribe(() => {
      const { state, link } = live.snapshot()
      // What the history shows is no longer on its way; what waits for the server is tried when it is back.
      if (outbox.snapshot().length > 0) outbox.arrived(new Set(state.messages.map((message) => message.id)))
      if (link.state === "live" && linkState !== "live") outbox.reconnected()
      linkState = link.state
    })
    setOpened({ live, outbox })
    return () => {
      stopWatching()
      stopListening()
      unsubscribe()
      outbox.close()
      live.close()
    }
  }, [api, streams, client, id])
  return opened
}

function openOutbox(api: Api, id: string): Outbox {
  const prefix = outboxKey(id)
  return createOutbox({
    api,
    sessionId: id,
    newId: () => newId("msg"),
    now: Date.now,
    storage: {
      kept: recallAll<Outgoing>(prefix),
      keep: (item) => keep(prefix + item.id, item),
      forget: (promptId) => keep(prefix + promptId, null),
    },
  })
}

/** Before a prompt's id: each has a key of its own, because all tabs of this browser share the keys. */
function outboxKey(sessionId: string): string {
  return `outbox:${sessionId}:`
}

/** Runs what is asked for with the next frame, but not more often than the eye can follow text. */
function createScheduler(): (flush: () => void) => void {
  let last = 0
  return (flush) => {
    const wait_ms = document.visibilityState === "hidden" ? FLUSH_HIDDEN_MS : FLUSH_MS - (performance.now() - last)
    const run = () => {
      last = performance.now()
      flush()
    }
    if (wait_ms > 0) setTimeout(run, wait_ms)
    else requestAnimationFrame(run)
  }
}
