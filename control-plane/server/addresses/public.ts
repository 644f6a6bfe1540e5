import { BlockList, isIPv4, isIPv6 } from "node:net"

// What is not on the public internet (IANA special-purpose registries), the metadata services of the clouds included:
// they sit on link-local (169.254.169.254, fe80::) and unique-local (fd00:ec2::254) addresses.
const IPV4_RANGES: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]
// Azure's wire server answers on a public address that only its own machines can reach.
const IPV4_SINGLE = ["168.63.129.16"]
// Of IPv6 only global unicast is public; these parts of it are not, or hide an IPv4 address (Teredo, 6to4).
const IPV6_RANGES: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
]

const closed = new BlockList()
for (const [net, prefix] of IPV4_RANGES) closed.addSubnet(net, prefix, "ipv4")
for (const address of IPV4_SINGLE) closed.addAddress(address, "ipv4")
for (const [net, prefix] of IPV6_RANGES) closed.addSubnet(net, prefix, "ipv6")
const globalUnicast = new BlockList()
globalUnicast.addSubnet("2000::", 3, "ipv6")

/** True for an address on the public internet. Mapped, compatible and translated IPv4 is refused in its IPv6 forms. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !closed.check(address, "ipv4")
  // A zone ("%eth0") only makes sense on link-local addresses.
  if (!isIPv6(address) || address.includes("%")) return false
  return globalUnicast.check(address, "ipv6") && !closed.check(address, "ipv6")
}
