import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import type { Api } from "../api/client.ts"
import { type EventStream, type Link, openEventStream } from "../api/event-stream.ts"
import type { ServerEvent } from "../api/sse.ts"
import type { SessionView } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { whileVisible } from "../app/visibility.ts"
import { dropSession, rereadSessions, takeSession } from "./queries.ts"

/** Browsers open few connections to one host: a tab in the background gives its own back after this. */
const HIDDEN_MS_MAX = 15_000

/** Keeps every loaded list live while the page is open, and tells where the connection stands. */
export function useLiveSessions(): { readonly link: Link; readonly nudge: () => void } {
  const api = useApi()
  const client = useQueryClient()
  const stream = useRef<EventStream | null>(null)
  const [link, setLink] = useState<Link>({ state: "connecting" })
  useEffect(() => {
    stream.current = follow(api, client, setLink)
    const stopWatching = whileVisible(stream.current, HIDDEN_MS_MAX)
    return () => {
      stopWatching()
      stream.current?.close()
    }
  }, [api, client])
  return { link, nudge: () => stream.current?.nudge() }
}

function follow(api: Api, client: QueryClient, onLink: (link: Link) => void): EventStream {
  return openEventStream({
    api,
    next: () => ({ path: "events" }),
    onEvent: (event) => take(client, event),
    // The stream has no memory: whatever happened before a connection, the first one too, must be read again.
    onLink: (link) => {
      onLink(link)
      if (link.state === "live") rereadSessions(client)
    },
  })
}

function take(client: QueryClient, event: ServerEvent): void {
  if (event.type === "reset") rereadSessions(client)
  else if (event.type === "session") takeSession(client, (JSON.parse(event.data) as { session: SessionView }).session)
  else if (event.type === "gone") dropSession(client, (JSON.parse(event.data) as { id: string }).id)
}
