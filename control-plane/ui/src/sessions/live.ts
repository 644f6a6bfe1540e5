import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import { useEffect, useRef, useState } from "react"
import type { EventStream, Link } from "../api/event-stream.ts"
import { whileVisible } from "../app/visibility.ts"
import { useStreams } from "../streams/context.ts"
import type { Told } from "../streams/protocol.ts"
import type { Streams } from "../streams/streams.ts"
import { dropSession, rereadSessions, takeSession } from "./queries.ts"

/** What a tab in the background follows costs the server and the browser: it gives it up after this. */
const HIDDEN_MS_MAX = 15_000

/** Keeps every loaded list live while the page is open, and tells where the connection stands. */
export function useLiveSessions(): { readonly link: Link; readonly nudge: () => void } {
  const streams = useStreams()
  const client = useQueryClient()
  const stream = useRef<EventStream | null>(null)
  const [link, setLink] = useState<Link>({ state: "connecting" })
  useEffect(() => {
    stream.current = follow(streams, client, setLink)
    const stopWatching = whileVisible(stream.current, HIDDEN_MS_MAX)
    return () => {
      stopWatching()
      stream.current?.close()
    }
  }, [streams, client])
  return { link, nudge: () => stream.current?.nudge() }
}

function follow(streams: Streams, client: QueryClient, onLink: (link: Link) => void): EventStream {
  return streams.follow({
    topic: () => ({ kind: "list" }),
    onTold: (told) => take(client, told),
    // The stream has no memory: whatever happened before a connection, the first one too, must be read again.
    onLink: (link) => {
      onLink(link)
      if (link.state === "live") rereadSessions(client)
    },
  })
}

function take(client: QueryClient, told: Told): void {
  if (told.kind === "reset") rereadSessions(client)
  else if (told.kind === "session") takeSession(client, told.session)
  else if (told.kind === "gone") dropSession(client, told.id)
}
