import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import { type Authentication, authorize, type Permission, type Visitor } from "../../identity/index.ts"
import type { HttpContext } from "../parts.ts"
import { requireSameOrigin } from "./cross-site.ts"

const SAFE_METHODS = ["GET", "HEAD"]

interface Needed {
  readonly permission: Permission
  /** The body carries its own proof, which the handler checks: other sites cannot make it. */
  readonly signed?: boolean | undefined
}

/**
 * Whether a request is taken as an upgrade. Any other protocol is an offer that is not taken up: Java's HTTP client makes
 * one (h2c) with every request that goes without TLS.
 */
export function asksForWebSocket({ headers }: { readonly headers: IncomingHttpHeaders }): boolean {
  return headers.upgrade?.toLowerCase() === "websocket"
}

/**
 * Whether a request may go on, whatever it becomes (an answer, an event stream, a WebSocket), and by whom it is: signed
 * in, with the right to it, and not made by another site. The one place where this is decided.
 * @throws AppError `unauthenticated`, `forbidden`, `password_change_required`, `cross_site`
 */
export async function admit(
  http: Pick<HttpContext, "identity" | "own">,
  request: IncomingMessage,
  visitor: Visitor,
  { permission, signed }: Needed,
): Promise<Authentication | null> {
  const authentication = await http.identity.authenticate(request, visitor)
  authorize(permission, authentication)
  // Browsers open other sites' WebSockets with their cookies and without asking.
  const safe = SAFE_METHODS.includes(request.method ?? "") && !asksForWebSocket(request)
  const proven = signed === true || (authentication !== null && !authentication.ambient)
  if (!safe && !proven) requireSameOrigin(request.headers, http.own)
  return authentication
}
