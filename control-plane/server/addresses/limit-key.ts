import { isIP } from "node:net"
import { plainAddress } from "./plain.ts"

/**
 * The key under which rate limits count an address. Every customer of an internet provider has 2^64 IPv6 addresses, so all
 * addresses of one /64 share a key. Text that is not an address is its own key.
 */
export function limitKeyOf(address: string): string {
  const [given = ""] = plainAddress(address).split("%")
  if (isIP(given) !== 6) return given
  const [head = "", tail] = new URL(`http://[${given}]`).hostname.slice(1, -1).split("::")
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right]
  return `${groups.slice(0, 4).join(":")}::/64`
}
