import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { newId } from "../crypto/index.ts"
import { AppError } from "../errors/index.ts"
import { type Authentication, authorize, type Permission, type Visitor } from "../identity/index.ts"
import { errorBody, toAppError } from "./errors.ts"
import { requireSameOrigin } from "./guards/cross-site.ts"
import { requireAllowedHost } from "./guards/hosts.ts"
import type { HttpContext } from "./parts.ts"

/** An upgrade that has passed every check and may be accepted. */
export interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly params: Readonly<Record<string, string>>
  readonly authentication: Authentication
  readonly visitor: Visitor
}

/** A WebSocket address. `pattern` has named groups for its parameters and is matched without the prefix and the query. */
export interface UpgradeRoute {
  readonly pattern: RegExp
  readonly permission: Permission
  accept(upgrade: Upgrade): Promise<void>
}

/**
 * Answers upgrades. They pass the same host, origin, sign-in and permission checks as requests, before 101; what does
 * not pass, or leads nowhere, gets an ordinary error.
 */
export function handleUpgrades(
  routes: readonly UpgradeRoute[],
  http: HttpContext,
  addressOf: (request: IncomingMessage) => string,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): Promise<void> {
    requireAllowedHost(request.headers.host, http.allowedHosts)
    const authentication = await http.identity.authenticate(request, visitor)
    if (authentication === null) throw new AppError("unauthenticated", "Sign in to do this.")
    if (authentication.ambient) requireSameOrigin(request.headers, http.own)
    const path = (request.url ?? "").split("?")[0] ?? ""
    const inside = path.startsWith(http.prefix) ? path.slice(http.prefix.length - 1) : ""
    for (const route of routes) {
      const match = route.pattern.exec(inside)
      if (match === null) continue
      authorize(route.permission, authentication)
      return await route.accept({ request, socket, head, params: match.groups ?? {}, authentication, visitor })
    }
    throw new AppError("not_found", "There is no WebSocket at this address.")
  }

  return (request, socket, head) => {
    const visitor = {
      requestId: newId("req"),
      address: addressOf(request),
      userAgent: request.headers["user-agent"] ?? "",
    }
    // A socket that breaks while it is being refused is nobody's concern.
    socket.on("error", () => socket.destroy())
    accept(request, socket, head, visitor).catch((thrown: unknown) => {
      const error = toAppError(thrown)
      http.log.info({ err: error, requestId: visitor.requestId, address: visitor.address }, "an upgrade was refused")
      refuse(socket, error, visitor.requestId)
    })
  }
}

function refuse(socket: Duplex, error: AppError, requestId: string): void {
  const body = JSON.stringify(errorBody(error, requestId))
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? "Error"}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`)
}
