import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Listen } from "../config/types.ts"
import type { Health } from "./health.ts"
import { listenOn } from "./listen.ts"
import type { Logger } from "./logger.ts"
import type { Metrics } from "./metrics.ts"

/**
 * The listener that only the cluster reaches: `/metrics`, and health for probes when the public one is on loopback
 * behind an authenticating proxy. Answers nothing about users or sessions.
 */
export function createMetricsListener(parts: { listen: Listen; metrics: Metrics; health: Health; log: Logger }): {
  listen(): Promise<AddressInfo>
  close(): Promise<void>
} {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.log.error({ err: error }, "the metrics listener could not answer")
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  return {
    listen: () => listenOn(server, parts.listen),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  parts: { metrics: Metrics; health: Health },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split("?")[0]
  if (request.method !== "GET" && request.method !== "HEAD")
    return send(response, 405, "text/plain", "method not allowed\n")
  if (path === "/metrics") return send(response, 200, parts.metrics.contentType, await parts.metrics.metrics())
  if (path === "/api/health") return send(response, 200, "application/json", JSON.stringify({ status: "ok" }))
  if (path === "/api/ready") {
    const state = await parts.health.ready()
    return send(response, state.ready ? 200 : 503, "application/json", JSON.stringify(state))
  }
  return send(response, 404, "text/plain", "not found\n")
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" })
  response.end(body)
}
