import { BlockList, isIP } from "node:net"

/** `::ffff:10.0.0.1` is 10.0.0.1: a socket that takes both families tells IPv4 peers so. */
export function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}

/**
 * What limits count an address as. A customer of any provider has 2^64 IPv6 addresses: those of one /64 are one. What is
 * no address is counted as it is.
 */
export function limitKeyOf(address: string): string {
  const [given = ""] = plainAddress(address).split("%")
  if (isIP(given) !== 6) return given
  // In its one short form: no leading zeros, IPv4 parts in hexadecimal.
  const [head = "", tail] = new URL(`http://[${given}]`).hostname.slice(1, -1).split("::")
  const left = head === "" ? [] : head.split(":")
  const right = tail === undefined || tail === "" ? [] : tail.split(":")
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right]
  const [high = "0", low = "0"] = groups.slice(6)
  if (groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff") {
    const bytes = [high, low].map((group) => Number.parseInt(group, 16))
    return bytes.flatMap((two) => [two >> 8, two & 255]).join(".")
  }
  return `${groups.slice(0, 4).join(":")}::/64`
}

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
  const list = new BlockList()
  for (const cidr of cidrs) {
    const parsed = parseCidr(cidr)
    if (parsed === null) throw new Error(`${cidr} is not an address or a CIDR`)
    list.addSubnet(parsed.address, parsed.bits, parsed.family)
  }
  return (given) => {
    const address = plainAddress(given)
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4")
  }
}
