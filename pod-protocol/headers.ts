import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"

// RFC 9110, 7.6.1: these speak of one connection only. `expect` is answered by whoever receives it.
const HOP_BY_HOP = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]

// What a client in the pod may not say to the next hop: who it is, who it was forwarded by, and which key to use.
const CALLERS_OWN = [
  "api-key",
  "authorization",
  "cookie",
  "forwarded",
  "host",
  "via",
  "x-api-key",
  "x-goog-api-key",
  "x-real-ip",
]
// A signature of AWS's is in more than one header.
const CALLERS_OWN_PREFIXES = ["proxy-", "x-amz-", "x-berth-", "x-forwarded-"]

/** Headers of a request that may travel on: no hop-by-hop ones, no credentials, no cookies, no forwarding claims. */
export function requestHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return keep(
    headers,
    (name) => !CALLERS_OWN.includes(name) && !CALLERS_OWN_PREFIXES.some((prefix) => name.startsWith(prefix)),
  )
}

// What an upstream may not tell a pod: cookies, sign-in challenges (git would ask for a password), other addresses.
const UPSTREAMS_OWN = [
  "alt-svc",
  "location",
  "nel",
  "report-to",
  "set-cookie",
  "strict-transport-security",
  "www-authenticate",
]

/** Headers of an answer that may travel back. */
export function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return keep(headers, (name) => !UPSTREAMS_OWN.includes(name))
}

/**
 * A caller may name headers in `Connection` that end with it. Where a body ends is not for it to forget: the next server
 * would take the body for a request of its own.
 */
function namedByConnection({ connection = "" }: IncomingHttpHeaders): string[] {
  const names = connection.split(",").map((name) => name.trim().toLowerCase())
  return names.filter((name) => name !== "content-length")
}

function keep(headers: IncomingHttpHeaders, mayPass: (name: string) => boolean): OutgoingHttpHeaders {
  const named = namedByConnection(headers)
  const kept: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || HOP_BY_HOP.includes(name) || named.includes(name) || !mayPass(name)) continue
    kept[name] = value
  }
  return kept
}
