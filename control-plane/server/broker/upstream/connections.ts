import http, { type Agent } from "node:http"
import https from "node:https"

// Shorter than most servers keep idle connections, so that a request rarely meets one that is being closed.
const IDLE_CONNECTION_MS = 10_000
const IDLE_CONNECTIONS_PER_HOST_MAX = 16

/** Connections that are kept open for a while, each session's apart from those of all others. */
export interface Connections {
  /** Through what a session's request to a URL of this protocol is sent. */
  of(sessionId: string, protocol: string): Agent
  close(): void
}

interface Kept {
  readonly http: http.Agent
  readonly https: https.Agent
}

/**
 * Two sessions never share a connection: whatever a server mistakes on it, an answer to one is never read by the other.
 * What a session has no more connections of is forgotten when the next one comes.
 */
export function createConnections(): Connections {
  const options = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_PER_HOST_MAX, timeout: IDLE_CONNECTION_MS }
  const sessions = new Map<string, Kept>()
  function begin(sessionId: string): Kept {
    for (const [id, { http, https }] of sessions) if (isUnused(http) && isUnused(https)) sessions.delete(id)
    const kept = { http: new http.Agent(options), https: new https.Agent({ ...options, minVersion: "TLSv1.2" }) }
    sessions.set(sessionId, kept)
    return kept
  }
  return {
    of(sessionId, protocol) {
      const kept = sessions.get(sessionId) ?? begin(sessionId)
      return protocol === "http:" ? kept.http : kept.https
    },
    close() {
      for (const { http, https } of sessions.values()) for (const agent of [http, https]) agent.destroy()
    },
  }
}

function isUnused({ sockets, freeSockets, requests }: Agent): boolean {
  return [sockets, freeSockets, requests].every((byHost) => Object.keys(byHost).length === 0)
}
