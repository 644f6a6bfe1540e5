import { BlockList, isIP } from "node:net"
import { plainAddress } from "./plain.ts"

/** An address and the length of its prefix; null when it is neither an address nor a CIDR. A bare address is one host. */
export function parseCidr(cidr: string): { address: string; bits: number; family: "ipv4" | "ipv6" } | null {
  const [given = "", length, ...more] = cidr.split("/")
  if (more.length > 0 || isIP(given) === 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return null
  const address = plainAddress(given)
  const mapped = address !== given
  const widest = isIP(given) === 6 ? 128 : 32
  const bits = length === undefined ? widest : Number(length)
  // A mapped range wider than its IPv4 part has no IPv4 form.
  if (bits > widest || (mapped && bits < 96)) return null
  return { address, bits: mapped ? bits - 96 : bits, family: isIP(address) === 6 ? "ipv6" : "ipv4" }
}

/** Whether an address is in one of these networks. */
export function createNetworks(cidrs: readonly string[]): (address: string) => boolean {
  // One list a family: in a list of both, an IPv6 network such as ::/1 holds every IPv4 address, as its mapped form.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const cidr of cidrs) {
    const parsed = parseCidr(cidr)
    if (parsed === null) throw new Error(`${cidr} is not an address or a CIDR`)
    lists[parsed.family].addSubnet(parsed.address, parsed.bits, parsed.family)
  }
  return (given) => {
    const address = plainAddress(given)
    const version = isIP(address)
    if (version === 0) return false
    const family = version === 6 ? "ipv6" : "ipv4"
    return lists[family].check(address, family)
  }
}
