import { isIPv6 } from "node:net"

/**
 * An address in the form in which two of them can be compared: IPv6 short and in lower case, and IPv4 as IPv4 also where it is mapped into IPv6.
 * A socket that accepts both families reports IPv4 peers as `::ffff:10.0.0.1`. Text that is not an address is returned in lower case.
 */
export function plainAddress(address: string): string {
  const lower = address.toLowerCase()
  if (!isIPv6(lower) || lower.includes("%")) return lower
  // URL writes an IPv6 address in its one short form, with an embedded IPv4 address in hexadecimal.
  const short = new URL(`http://[${lower}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? []
  if (high === undefined || low === undefined) return short
  return [high, low].flatMap((group) => bytesOf(Number.parseInt(group, 16))).join(".")
}

function bytesOf(group: number): [number, number] {
  return [group >> 8, group & 255]
}
