import { createServer, type RequestListener, type Server } from "node:http"
import type { Duplex } from "node:stream"
import type { Logger } from "../observability/index.ts"
import { type Clock, createThrottle } from "../time/index.ts"
import { asksForWebSocket } from "./guards/admission.ts"
import { cutStalled, STALLED_MS } from "./stalled.ts"

/** 5,000 event streams (streams/registry.ts), 1,000 requests (guards/load.ts), and 4,000 that are kept for the next. */
const CONNECTIONS_MAX = 10_000
const HEADER_BYTES_MAX = 64 * 1024
const OPTIONS = {
  // A proxy's token with 200 groups has 12 KB, twice, beside cookies.
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  // Longer than the idle time of common load balancers (60 s), so that they never send into a closing connection.
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  shouldUpgradeCallback: asksForWebSocket,
}

export interface ListenerLimits {
  readonly connections_max: number
  readonly stalled_ms: number
}

/** The server with its limits: how many connections, and how long one may take nothing of what it has asked for. */
export function createListener(
  answer: RequestListener,
  { log, clock }: { readonly log: Logger; readonly clock: Pick<Clock, "now"> },
  limits: ListenerLimits = { connections_max: CONNECTIONS_MAX, stalled_ms: STALLED_MS },
): Server {
  const { connections_max, stalled_ms } = limits
  const server = createServer(OPTIONS, (request, response) => {
    cutStalled(response, stalled_ms)
    answer(request, response)
  })
  server.maxConnections = connections_max
  const mayTellDrop = createThrottle(clock)
  const mayTellOverflow = createThrottle(clock)
  server.on("drop", () => {
    if (!mayTellDrop()) return
    log.warn({ connections_max }, "connections are refused: there are too many; add replicas, or look who opens them")
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (error.code === "HPE_HEADER_OVERFLOW" && mayTellOverflow()) {
      const hint = "Have the proxy send fewer groups or smaller tokens and cookies."
      log.warn({ headerBytes_max: HEADER_BYTES_MAX, hint }, "a request's headers are too large, answered with 431")
    }
    answerClientError(error, socket)
  })
  return server
}

/** As Node does by itself where nobody listens. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const begun = (socket as Duplex & { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent === true
  if (!socket.writable || begun || error.code === "ECONNRESET") return void socket.destroy(error)
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request"
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy())
}
