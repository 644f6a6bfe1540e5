import fc from "fast-check"
import ipaddr from "ipaddr.js"
import { expect, test } from "vitest"
import { createNetworks, isPublicAddress, parseCidr, plainAddress } from "./index.ts"

const ipv4 = fc.ipV4()
const ipv6 = fc.ipV6()
const any = fc.oneof(ipv4, ipv6, special())

/** Addresses of ranges that matter, which random ones hardly ever hit. */
function special() {
  const low = fc.integer({ min: 0, max: 0xffff }).map((group) => group.toString(16))
  const prefixes = [
    "::ffff:",
    "64:ff9b::",
    "2002:",
    "2001:0::",
    "fe80::",
    "fc00::",
    "ff02::",
    "2001:db8::",
    "2606:4700::",
  ]
  return fc
    .tuple(fc.constantFrom(...prefixes), low, low)
    .map(([prefix, a, b]) => `${prefix}${a}:${b}`.replace("2002:", "2002::"))
}

/**
 * The other implementation's view: IPv4 mapped into IPv6 counts as IPv4. It reads `::10.0.0.1`, which is not mapped, as if it
 * were; so it gets such addresses in hexadecimal.
 */
function parsed(address: string) {
  const compatible = /^::(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)?.slice(1).map(Number)
  if (compatible === undefined) return ipaddr.process(address)
  const [a = 0, b = 0, c = 0, d = 0] = compatible
  return ipaddr.process(`::${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`)
}

test("an address is compared in one form, as ipaddr.js has it", () => {
  fc.assert(
    fc.property(any, any, (a, b) => {
      const same = parsed(a).toNormalizedString() === parsed(b).toNormalizedString()
      expect(plainAddress(a) === plainAddress(b)).toBe(same)
      expect(plainAddress(parsed(a).toNormalizedString())).toBe(plainAddress(a))
      if (parsed(a).kind() === "ipv4") expect(plainAddress(a)).toBe(parsed(a).toString())
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:10.0.0.1", "10.0.0.1"],
  ["::ffff:a00:1", "10.0.0.1"],
  ["0:0:0:0:0:ffff:10.0.0.1", "10.0.0.1"],
  ["::10.0.0.1", "::a00:1"],
  ["2001:DB8:0:0::1", "2001:db8::1"],
  ["FE80::1%eth0", "fe80::1%eth0"],
  ["Unknown", "unknown"],
  ["", ""],
])("%s is compared as %s", (address, plain) => {
  expect(plainAddress(address)).toBe(plain)
})

test("an address is in a network exactly when ipaddr.js says so", () => {
  const cidr = fc.oneof(
    fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })),
    fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })),
  )
  fc.assert(
    fc.property(cidr, any, fc.boolean(), ([net, bits], other, near) => {
      const given = parseCidr(`${net}/${bits}`)
      if (given === null) return
      const address = near ? net : other
      const one = parsed(address)
      const range: [ipaddr.IPv4 | ipaddr.IPv6, number] = [ipaddr.parse(given.address), given.bits]
      const inside = one.kind() === range[0].kind() && one.match(range)
      expect(createNetworks([`${net}/${bits}`])(address)).toBe(inside)
    }),
    { numRuns: 2_000 },
  )
})

test("an IPv6 network holds no IPv4 address", () => {
  expect(createNetworks(["::/1"])("10.0.0.1")).toBe(false)
  expect(createNetworks(["::/1"])("::ffff:10.0.0.1")).toBe(false)
})

test.each(["", "10.0.0.0/33", "::/129", "10.0.0.0/8/8", "10.0.0/8", "example.com", "::ffff:10.0.0.0/90", "10.0.0.1/x"])(
  "%s is not a network",
  (cidr) => {
    expect(parseCidr(cidr)).toBeNull()
    expect(() => createNetworks([cidr])).toThrow("is not an address or a CIDR")
  },
)

test("whatever is dialled as public is ordinary unicast for ipaddr.js too", () => {
  fc.assert(
    fc.property(any, (address) => {
      if (isPublicAddress(address)) expect(parsed(address).range(), address).toBe("unicast")
    }),
    { numRuns: 5_000 },
  )
})

test("an IPv4 address in any IPv6 form is never dialled as public", () => {
  fc.assert(
    fc.property(ipv4, (address) => {
      for (const form of [`::ffff:${address}`, `::${address}`, `64:ff9b::${address}`])
        expect(isPublicAddress(form)).toBe(false)
    }),
  )
})

test("some addresses are stricter than the registries: clouds answer there", () => {
  expect(ipaddr.parse("168.63.129.16").range()).toBe("unicast")
  expect(isPublicAddress("168.63.129.16")).toBe(false)
})
