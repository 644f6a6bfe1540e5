import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { newId } from "../crypto/index.ts"
import { AppError } from "../errors/index.ts"
import type { Authentication, Permission, Visitor } from "../identity/index.ts"
import { errorBody, toAppError } from "./errors.ts"
import { admit } from "./guards/admission.ts"
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

/** A WebSocket address, as in the route table: `/api/sessions/:id/terminal`. */
export interface UpgradeRoute {
  readonly path: string
  readonly permission: Permission
  accept(upgrade: Upgrade): Promise<void>
}

/**
 * Answers upgrades. They pass the same checks as requests, by the same function, before 101; what does not pass, or
 * leads nowhere, gets an ordinary error.
 */
export function handleUpgrades(
  routes: readonly UpgradeRoute[],
  http: HttpContext,
  addressOf: (request: IncomingMessage) => string,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer, visitor: Visitor): Promise<void> {
    requireAllowedHost(request.headers.host, http.allowedHosts)
    const path = (request.url ?? "").split("?")[0] ?? ""
    const inside = path.startsWith(http.prefix) ? path.slice(http.prefix.length - 1) : ""
    const found = find(routes, inside)
    // What is not there is said to whoever is signed in, as everywhere.
    const authentication = await admit(http, request, visitor, {
      permission: found?.route.permission ?? "sessions:read",
    })
    if (found === null || authentication === null) {
      throw new AppError("not_found", "There is no WebSocket at this address.")
    }
    await found.route.accept({ request, socket, head, params: found.params, authentication, visitor })
  }

  return (request, socket, head) => {
    const visitor = {
      requestId: newId("req"),
      address: addressOf(request),
      userAgent: request.headers["user-agent"] ?? "",
    }
    // A socket that breaks while it is being refused is nobody's concern.
    socket.on("error", () => socket.destroy())
    http.context
      .run(visitor, () => accept(request, socket, head, visitor))
      .catch((thrown: unknown) => {
        const error = toAppError(thrown)
        http.log.info({ err: error, requestId: visitor.requestId, address: visitor.address }, "an upgrade was refused")
        refuse(socket, error, visitor.requestId)
      })
  }
}

function find(routes: readonly UpgradeRoute[], path: string) {
  for (const route of routes) {
    const match = new RegExp(`^${route.path.replace(/:(\w+)/g, "(?<$1>[A-Za-z0-9_-]{1,128})")}$`).exec(path)
    if (match) return { route, params: match.groups ?? {} }
  }
  return null
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
  // Not left half open: whoever keeps his end would hold the connection for as long as he likes.
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy())
}
