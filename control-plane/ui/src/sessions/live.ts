import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"
import type { Api } from "../api/client.ts"
import { openEventStream } from "../api/event-stream.ts"
import type { ServerEvent } from "../api/sse.ts"
import type { SessionView } from "../api/types.ts"
import { useApi } from "../app/services.ts"
import { whileVisible } from "../app/visibility.ts"
import { dropSession, rereadSessions, takeSession } from "./queries.ts"

/** Browsers open few connections to one host: a tab in the background gives its own back after this. */
const HIDDEN_MS_MAX = 15_000

/** Keeps every loaded list live while the page is open. */
export function useLiveSessions(): void {
  const api = useApi()
  const client = useQueryClient()
  useEffect(() => follow(api, client), [api, client])
}

function follow(api: Api, client: QueryClient): () => void {
  const stream = openEventStream({
    api,
    next: () => ({ path: "events" }),
    onEvent: (event) => take(client, event),
    // The stream has no memory: whatever happened before a connection, the first one too, must be read again.
    onLink: ({ state }) => {
      if (state === "live") rereadSessions(client)
    },
  })
  const stopWatching = whileVisible(stream, HIDDEN_MS_MAX)
  return () => {
    stopWatching()
    stream.close()
  }
}

function take(client: QueryClient, event: ServerEvent): void {
  if (event.type === "reset") rereadSessions(client)
  else if (event.type === "session") takeSession(client, (JSON.parse(event.data) as { session: SessionView }).session)
  else if (event.type === "gone") dropSession(client, (JSON.parse(event.data) as { id: string }).id)
}
