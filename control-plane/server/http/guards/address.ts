import type { IncomingMessage } from "node:http"
import { isIP } from "node:net"
import { createNetworks, plainAddress } from "../../addresses/index.ts"

/** Answers a request's client address: the peer's, or what a trusted proxy says it is. */
export function createAddressOf(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const isTrusted = createNetworks(trustedProxies)
  return (request) => {
    let address = plainAddress(request.socket.remoteAddress ?? "")
    const hops = (request.headersDistinct["x-forwarded-for"] ?? []).join(",").split(",").slice(-16)
    // From the nearest hop outwards: the first that is not ours is the client, what it claims itself does not count.
    while (isTrusted(address)) {
      const next = plainAddress(hops.pop()?.trim() ?? "")
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }
}
