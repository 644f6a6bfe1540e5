import type { IncomingMessage, ServerResponse } from "node:http"
import type { SessionEvent } from "../src/api/types.ts"
import type { Store } from "./store.ts"

const HEARTBEAT_MS = 10_000

function open(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
  response.write(": open\n\n")
  const heart = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS)
  request.on("close", () => clearInterval(heart))
}

/** Everything after a number, then what happens. */
export function streamSession(
  request: IncomingMessage,
  response: ServerResponse,
  store: Store,
  id: string,
  after: number,
): void {
  const kept = store.get(id)
  if (!kept) {
    response.writeHead(404, { "content-type": "application/json" })
    response.end(JSON.stringify({ error: { code: "not_found", message: "There is no such session.", requestId: "r" } }))
    return
  }
  open(request, response)
  const send = ({ seq, change }: SessionEvent) =>
    response.write(`id: ${seq}\nevent: ${change.type}\ndata: ${JSON.stringify(change)}\n\n`)
  const from = Number(request.headers["last-event-id"] ?? after)
  for (const event of kept.events) if (event.seq > from) send(event)
  const leave = store.listen((told) => {
    if (told.kind === "event" && told.id === id) send(told.event)
    if (told.kind === "gone" && told.id === id) response.end()
  })
  request.on("close", leave)
}

/** Changes of all sessions. */
export function streamAll(request: IncomingMessage, response: ServerResponse, store: Store): void {
  open(request, response)
  const leave = store.listen((told) => {
    if (told.kind === "session")
      response.write(`event: session\ndata: ${JSON.stringify({ type: "session", session: told.session })}\n\n`)
    if (told.kind === "gone") response.write(`event: gone\ndata: ${JSON.stringify({ type: "gone", id: told.id })}\n\n`)
  })
  request.on("close", leave)
}
