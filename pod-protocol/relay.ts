import http, {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from "node:http"
import https from "node:https"
import type { LookupFunction } from "node:net"

/** Where one request goes on to. */
export interface RelayTarget {
  readonly url: URL
  /** Complete: what the caller sent has been filtered, what is to be added has been added. */
  readonly headers: OutgoingHttpHeaders
  /** Sent instead of the caller's body, which has been read already; `release` when it has been sent. */
  readonly body?: { bytes(): Buffer; release(): void }
  readonly agent: Agent
  readonly lookup?: LookupFunction
}

export interface RelayOptions {
  /** For the connection to be made, TLS included. */
  readonly connect_ms: number
  /** Without one byte in either direction. */
  readonly idle_ms: number
  /** Most bytes of a request body; absent: any. */
  readonly body_bytes_max?: number
  /** What to answer, from the upstream's first line and headers. May throw to refuse: nothing has been sent then. */
  answer(response: IncomingMessage): {
    readonly status: number
    readonly headers: OutgoingHttpHeaders
    /** Looks at each chunk of the body; what is not whole at its end is broken off. Absent: HTTP alone says what is whole. */
    readonly watch?: BodyWatch
  }
}

/** Follows a body whose format says where it ends. */
export interface BodyWatch {
  see(chunk: Buffer): void
  isWhole(): boolean
}

export interface RelayResult {
  readonly status: number
  /** Bytes of the answer's body. */
  readonly bytes: number
}

/** Why a relay ended before its end. */
export class RelayError extends Error {
  readonly reason: "unreachable" | "timeout" | "too_large" | "cancelled" | "broken"

  constructor(reason: RelayError["reason"], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = "RelayError"
    this.reason = reason
  }
}

/**
 * Passes one request on and its answer back, both as streams: no body is held, the first byte is not delayed, a slow
 * reader slows the other side down, and a caller who goes away ends the upstream request.
 * @throws RelayError, or what `answer` throws. When `outgoing.headersSent` is false nothing has been answered yet;
 * otherwise the connection has been cut, so that the caller cannot take half an answer for a whole one.
 */
export async function relay(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: RelayTarget,
  options: RelayOptions,
): Promise<RelayResult> {
  if (outgoing.destroyed) throw new RelayError("cancelled", "the caller went away")
  const upstream = open(incoming, target, options)
  const onClose = () => {
    if (!outgoing.writableEnded) upstream.destroy(new RelayError("cancelled", "the caller went away"))
  }
  outgoing.once("close", onClose)
  try {
    const response = await send(incoming, upstream, target, options)
    const { status, headers, watch } = options.answer(response)
    outgoing.writeHead(status, headers)
    outgoing.flushHeaders()
    return { status, bytes: await pump(response, outgoing, watch) }
  } catch (error) {
    upstream.destroy()
    if (outgoing.headersSent) outgoing.destroy()
    throw error
  } finally {
    outgoing.off("close", onClose)
  }
}

/**
 * Headers that tell where the request's body ends, whatever its method is and whatever has happened to those of the caller.
 * Node tells nothing of the body of a GET, HEAD, DELETE or OPTIONS by itself, and the upstream would read it as the
 * connection's next request: one that nobody has looked at.
 */
function framed(incoming: IncomingMessage, { headers, body }: RelayTarget): OutgoingHttpHeaders {
  const { "content-length": length = "0", "transfer-encoding": pieces } = incoming.headers
  const known = Object.keys(headers).some((name) => name.toLowerCase() === "content-length")
  const hasBody = body !== undefined || pieces !== undefined || Number(length) > 0
  return hasBody && !known ? { ...headers, "transfer-encoding": "chunked" } : headers
}

function open(incoming: IncomingMessage, target: RelayTarget, options: RelayOptions): ClientRequest {
  const upstream = (target.url.protocol === "https:" ? https : http).request(target.url, {
    method: incoming.method ?? "GET",
    headers: framed(incoming, target),
    agent: target.agent,
    ...(target.lookup === undefined ? {} : { lookup: target.lookup }),
  })
  upstream.setTimeout(options.idle_ms, () => {
    upstream.destroy(new RelayError("timeout", `nothing was heard for ${options.idle_ms} ms`))
  })
  limitConnecting(upstream, target.url.protocol === "https:" ? "secureConnect" : "connect", options.connect_ms)
  upstream.once("socket", (socket) => socket.setNoDelay(true))
  return upstream
}

function limitConnecting(upstream: ClientRequest, connected: "connect" | "secureConnect", connect_ms: number): void {
  const timer = setTimeout(() => {
    upstream.destroy(new RelayError("timeout", `no connection after ${connect_ms} ms`))
  }, connect_ms)
  const done = () => clearTimeout(timer)
  upstream.once("close", done)
  upstream.once("socket", (socket) => {
    // A pooled connection is up already.
    if (socket.connecting) socket.once(connected, done)
    else done()
  })
}

/** Sends the body and waits for the first line of the answer, which may come before the body's end. */
function send(
  incoming: IncomingMessage,
  upstream: ClientRequest,
  { body }: RelayTarget,
  options: RelayOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    upstream.once("response", (response) => {
      // A connection that breaks before `pump` listens must not be an uncaught error.
      response.on("error", () => {})
      resolve(response)
    })
    upstream.on("error", (error) => {
      reject(error instanceof RelayError ? error : new RelayError("unreachable", error.message, error))
    })
    if (body !== undefined) {
      upstream.once("finish", () => body.release())
      upstream.end(body.bytes())
      return
    }
    let bytes = 0
    const { body_bytes_max = Number.POSITIVE_INFINITY } = options
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > body_bytes_max) {
        upstream.destroy(new RelayError("too_large", `the body has more than ${body_bytes_max} bytes`))
      }
    })
    incoming.once("error", () => upstream.destroy(new RelayError("cancelled", "the caller went away")))
    incoming.pipe(upstream)
  })
}

/** Copies `source` to `sink` and ends it. Resolves with the number of bytes. */
function pump(source: IncomingMessage, sink: ServerResponse, watch?: BodyWatch): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    const broken = (cause?: unknown) => reject(new RelayError("broken", "the upstream's answer broke off", cause))
    const resume = () => source.resume()
    const cancelled = () => reject(new RelayError("cancelled", "the caller went away"))
    sink.on("drain", resume)
    sink.once("close", cancelled)
    source.once("error", broken)
    source.once("close", () => {
      sink.off("drain", resume)
      if (!source.complete) broken()
    })
    source.once("end", () => {
      if (!source.complete || watch?.isWhole() === false) return broken()
      sink.off("close", cancelled)
      sink.end()
      resolve(bytes)
    })
    if (source.destroyed && !source.readableEnded) return broken(source.errored)
    source.on("data", (chunk: Buffer) => {
      bytes += chunk.length
      watch?.see(chunk)
      if (!sink.write(chunk)) source.pause()
    })
  })
}
