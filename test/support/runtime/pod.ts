import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** The conversation that a spoken pod has. */
export const ROOT_ID = "ses_root"

/** Answers a request by itself and says so. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => boolean

export interface SpokenPod {
  readonly url: string
  /** Method and URL of every request. */
  readonly seen: string[]
  /** Sends an event to everybody who listens. */
  say(type: string, properties: object): void
  /** Ends all event streams. */
  hangUp(): void
  close(): Promise<void>
}

/** A pod that speaks like OpenCode, except where `handle` answers. */
export async function spokenPod(
  handle: Handler = () => false,
  address: { host: string; port: number } = { host: "127.0.0.1", port: 0 },
): Promise<SpokenPod> {
  const seen: string[] = []
  const listeners = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://pod").pathname
    seen.push(`${request.method} ${request.url}`)
    response.on("error", () => {})
    if (handle(request, response)) return
    if (path === "/event") {
      listeners.add(response)
      response.on("close", () => listeners.delete(response))
      response.writeHead(200, { "content-type": "text/event-stream" })
      return void response.write('data: {"type":"server.connected","properties":{}}\n\n')
    }
    response.setHeader("content-type", "application/json")
    if (request.method === "POST" && path === "/session") return void response.end(JSON.stringify({ id: ROOT_ID }))
    response.end(path === `/session/${ROOT_ID}` || path === "/session/status" ? "{}" : "[]")
  })
  await new Promise<void>((resolve) => server.listen(address.port, address.host, resolve))
  return {
    url: `http://${address.host}:${(server.address() as AddressInfo).port}`,
    seen,
    say(type, properties) {
      for (const response of listeners) response.write(`data: ${JSON.stringify({ type, properties })}\n\n`)
    },
    hangUp() {
      for (const response of listeners) response.destroy()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
