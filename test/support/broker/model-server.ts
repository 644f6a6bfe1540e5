import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"

export interface ModelServer {
  readonly url: string
  /** What it was asked, oldest first. */
  readonly seen: { method: string; url: string; headers: IncomingMessage["headers"] }[]
  /** Decides what is answered from now on. */
  behave(handler: (request: IncomingMessage, response: ServerResponse) => void): void
}

/** An upstream whose every chunk a test decides. */
export async function startModelServer(): Promise<ModelServer> {
  const seen: ModelServer["seen"] = []
  let handler = (_: IncomingMessage, response: ServerResponse) => {
    response.end("{}")
  }
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers })
    handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    behave: (next) => {
      handler = next
    },
  }
}
