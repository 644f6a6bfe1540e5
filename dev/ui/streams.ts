import type { IncomingMessage, ServerResponse } from "node:http"
import type { SessionEvent } from "../../control-plane/ui/src/api/types.ts"
import type { Store } from "./store.ts"

const HEARTBEAT_MS = 10_000

function open(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
  response.write(": open\n\n")
  const heart = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS)
  request.on("close", () => clearInterval(heart))
}

function say(response: ServerResponse, data: { type: string }): void {
  response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`)
}

/** Changes of all sessions, and everything of some sessions after a number each. `places`: `ses_1:12,ses_2:0`. */
export function stream(request: IncomingMessage, response: ServerResponse, store: Store, places: string): void {
  open(request, response)
  const followed = new Set<string>()
  const send = (sessionId: string, { seq, change }: SessionEvent) =>
    say(response, { ...change, sessionId, seq } as never)
  for (const place of places.split(",").filter((one) => one !== "")) {
    const [id = "", after = "0"] = place.split(":")
    const kept = store.get(id)
    if (kept) followed.add(id)
    else say(response, { type: "session.ended", sessionId: id } as never)
    for (const event of kept?.events ?? []) if (event.seq > Number(after)) send(id, event)
  }
  const leave = store.listen((told) => {
    if (told.kind === "event" && followed.has(told.id)) send(told.id, told.event)
    if (told.kind === "session") say(response, { type: "session", session: told.session } as never)
    if (told.kind === "gone") {
      if (followed.has(told.id)) say(response, { type: "session.ended", sessionId: told.id } as never)
      say(response, { type: "gone", id: told.id } as never)
    }
  })
  request.on("close", leave)
}
