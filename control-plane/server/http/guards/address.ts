import type { IncomingMessage } from "node:http"
import { BlockList, isIP } from "node:net"

/** Answers a request's client address: the peer's, or what a trusted proxy says it is. */
export function createAddressOf(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trusted = new BlockList()
  for (const cidr of trustedProxies) {
    const [address = "", bits] = cidr.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    trusted.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family)
  }
  const isTrusted = (address: string) => {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 6 ? "ipv6" : "ipv4")
  }
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? "")
    const hops = (request.headersDistinct["x-forwarded-for"] ?? []).join(",").split(",").slice(-16)
    // From the nearest hop outwards: the first that is not ours is the client, what it claims itself does not count.
    while (isTrusted(address)) {
      const next = plain(hops.pop()?.trim() ?? "")
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }
}

/** `::ffff:10.0.0.1` is 10.0.0.1. */
export function plain(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}
