import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { requestHeaders, responseHeaders } from "../../pod-protocol/headers.ts"
import { HELPER_TOKEN_HEADER, REPORT_BYTES_MAX } from "../../pod-protocol/index.ts"
import { RelayError, relay } from "../../pod-protocol/relay.ts"
import type { BrokerLink } from "./broker-link.ts"
import { HelperError } from "./helper-error.ts"
import type { Helpers } from "./helpers.ts"
import { routeOf } from "./routes.ts"

const STREAMS_MAX = 64
const CONNECT_MS = 10_000
// Longer than the broker waits for an upstream (600 s), so that the broker's words arrive and not ours.
const IDLE_MS = 660_000
const HEADERS_MS = 10_000

interface SidecarParts {
  readonly broker: BrokerLink
  readonly helpers: Helpers
  readonly log: (line: string) => void
}

/** The listener on loopback: relays to the broker and adds the proof of which pod is calling. */
export function createSidecar(parts: SidecarParts): Server {
  let streams = 0
  const server = createServer((request, response) => {
    if (streams >= STREAMS_MAX) {
      return refuse(response, 503, `more than ${STREAMS_MAX} requests at a time`, { "retry-after": "1" })
    }
    streams++
    response.once("close", () => {
      streams--
    })
    serve(request, response, parts).catch((error) => onFailure(error, request, response, parts.log))
  })
  server.requestTimeout = 0
  server.headersTimeout = HEADERS_MS
  return server
}

async function serve(request: IncomingMessage, response: ServerResponse, parts: SidecarParts): Promise<void> {
  const route = routeOf(request.method ?? "", request.url ?? "", request.headers.host)
  if ("refuse" in route) return refuse(response, route.refuse, route.message)
  if ("own" in route)
    return answer(response, 200, JSON.stringify(await parts.helpers.environment()), "application/json")
  const { broker, helpers } = parts
  const helper = route.provider === null ? null : await helpers.forProvider(route.provider)
  const { agent, authorization } = await broker.connection()
  const target = {
    url: broker.urlOf(route.to),
    headers: {
      ...requestHeaders(request.headers),
      ...(helper === null ? {} : { [HELPER_TOKEN_HEADER]: helper.token }),
      authorization,
    },
    agent,
  }
  await relay(request, response, target, {
    connect_ms: CONNECT_MS,
    idle_ms: IDLE_MS,
    ...(route.report ? { body_bytes_max: REPORT_BYTES_MAX } : {}),
    answer(upstream) {
      if (upstream.statusCode === 401) helper?.rejected()
      return { status: upstream.statusCode ?? 502, headers: responseHeaders(upstream.headers) }
    },
  })
}

const STATUS_OF = { unreachable: 502, timeout: 504, too_large: 413, cancelled: 499, broken: 502 } as const

function onFailure(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  log: (line: string) => void,
): void {
  const known = error instanceof RelayError
  if (known && error.reason === "cancelled") return
  const message = error instanceof Error ? error.message : String(error)
  const path = (request.url ?? "").split("?")[0]
  log(`${request.method} ${path}: ${message}`)
  if (response.headersSent) return
  if (error instanceof HelperError) return refuse(response, 502, `berth: ${message}`)
  const status = known ? STATUS_OF[error.reason] : 502
  refuse(response, status, `berth: the broker cannot be reached (${message})`)
}

/** git shows a plain-text body to its user, and OpenAI-like clients read `error.message`: each gets its own form. */
function refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
  const isGit = response.req.url?.startsWith("/git/") === true
  const body = isGit ? `${message}\n` : JSON.stringify({ error: { code: "sidecar", message } })
  answer(response, status, body, isGit ? "text/plain; charset=utf-8" : "application/json", headers)
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { ...headers, "content-type": type, "content-length": Buffer.byteLength(body) })
  response.end(body)
}
