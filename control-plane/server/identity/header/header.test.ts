import fc from "fast-check"
import { expect, test } from "vitest"
import { testConfig } from "../../../../test/support/http/config.ts"
import { readIdentityHeader, readName } from "./read.ts"
import { createTrust } from "./trust.ts"

const SECRET = "the proxy's own secret"
const trustOf = (trust: object) =>
  createTrust(
    testConfig(
      { headerAuth: { enabled: true, email: { header: "X-Email" }, trust } },
      { HEADER_AUTH_SHARED_SECRET: SECRET, POD_IP: "10.244.0.9" },
    ),
  )
const request = (peer: string, ...rawHeaders: string[]) => ({ socket: { remoteAddress: peer }, rawHeaders })

test.each([
  ["192.0.2.7", true],
  ["::ffff:192.0.2.7", true],
  ["192.0.3.7", false],
  ["2001:db8::7", true],
  ["2001:db8::8", false],
  ["2001:db8::1:7", false],
  ["", false],
  ["unknown", false],
])("a peer at %s is trusted: %s", (peer, expected) => {
  const trusts = trustOf({ cidrs: ["192.0.2.0/24", "2001:db8::7"] })
  expect(trusts(request(peer))).toBe(expected)
})

test("a mapped range is its IPv4 range", () => {
  const trusts = trustOf({ cidrs: ["::ffff:192.0.2.0/120"] })
  expect([trusts(request("192.0.2.9")), trusts(request("::ffff:192.0.2.9")), trusts(request("192.0.3.9"))]).toEqual([
    true,
    true,
    false,
  ])
})

test("the secret must be there, once, and right; with networks both must hold", () => {
  const sharedSecret = { enabled: true, header: "X-Proxy-Secret" }
  const trusts = trustOf({ sharedSecret, cidrs: ["192.0.2.0/24"] })
  expect(trusts(request("192.0.2.1", "x-proxy-secret", SECRET))).toBe(true)
  expect(trusts(request("192.0.2.1"))).toBe(false)
  expect(trusts(request("192.0.2.1", "X-Proxy-Secret", "wrong"))).toBe(false)
  expect(trusts(request("192.0.2.1", "X-Proxy-Secret", SECRET, "X-Proxy-Secret", SECRET))).toBe(false)
  expect(trusts(request("192.0.3.1", "X-Proxy-Secret", SECRET))).toBe(false)
})

test("no anchor, no start", () => {
  const config = testConfig()
  expect(() => createTrust(config)).toThrow("no trust anchor")
})

test("a name in UTF-8 is read as it was meant", () => {
  const raw = Buffer.from("Zoë Müller", "utf8").toString("latin1")
  expect(readIdentityHeader({ rawHeaders: ["X-Name", raw] }, "x-name", 100)).toBe("Zoë Müller")
  expect(readIdentityHeader({ rawHeaders: ["X-Name", "\xff"] }, "x-name", 100)).toBeNull()
})

test.each([
  ["=?utf-8?q?Ren=C3=A9e?=", "Renée"],
  ["=?UTF-8?B?UmVuw6ll?=", "Renée"],
  ["=?iso-8859-1?Q?Ren=E9e_Descartes?=", "Renée Descartes"],
  ["=?utf-8?q?Ren=C3=A9e?= =?utf-8?q?_D?=", "Renée D"],
  ["Ren%C3%A9e%20D", "Renée D"],
  ["100 % Ann", "100 % Ann"],
  ["50%25 Ann", "50% Ann"],
  ["%FF", "%FF"],
  ["=?utf-8?q?=FF?=", "=?utf-8?q?=FF?="],
  ["=?x-unknown?q?Ann?=", "=?x-unknown?q?Ann?="],
  ["Ann", "Ann"],
  ["Ann%0AEve", null],
  ["=?utf-8?q?Ann=00?=", null],
  ["=?utf-8?q??=", null],
])("the name %j is %j", (raw, name) => {
  expect(readName({ rawHeaders: ["X-Name", raw] }, "x-name", 100)).toBe(name)
})

// Generated requests: the value counts when the rule's four sentences hold, read off the generated parts themselves.
const NAME = "X-Email"
const names = fc.constantFrom(
  "X-Email",
  "x-email",
  "X-EMAIL",
  "X_Email",
  "x_email",
  "X-Email ",
  "X-Emai",
  "X-Email2",
  "Xemail",
)
const values = fc.oneof(
  fc.constantFrom(
    "a@example.com",
    "b@example.com",
    "",
    "a@example.com, b@example.com",
    "x".repeat(40),
    "a\u0001b",
    "a\u007fb",
    "\xff\xfe",
    "a\tb",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 12 }),
)
const connections = fc.constantFrom(
  "close",
  "keep-alive",
  "X-Email",
  "close, x-email",
  "close,X-EMAIL , keep-alive",
  "x_email",
  "x-email2",
)
const lines = fc.array(
  fc.oneof(
    fc.tuple(names, values),
    fc.tuple(fc.constantFrom("Connection", "connection"), connections),
    fc.tuple(fc.constant("Host"), values),
  ),
  { maxLength: 5 },
)

test("20,000 generated requests: no value counts that should not, and none is lost that should", () => {
  let counted = 0
  fc.assert(
    fc.property(lines, (generated) => {
      const read = readIdentityHeader({ rawHeaders: generated.flat() }, NAME, 30)
      const own = generated.filter(([name]) => ["X-Email", "x-email", "X-EMAIL"].includes(name))
      const nominated = generated.some(
        ([name, value]) => ["Connection", "connection"].includes(name) && /(^|[,\s])x-email($|[,\s])/i.test(value),
      )
      const bytes = [...(own[0]?.[1] ?? "")].map((character) => character.charCodeAt(0))
      const text = bytes.every((byte) => byte < 0x80) ? String.fromCharCode(...bytes).trim() : null
      const clean =
        text !== null &&
        text.length > 0 &&
        text.length <= 30 &&
        [...text].every((character) => character >= " " && character !== "\u007f")
      const expected = own.length === 1 && !nominated && clean ? text : null
      if (expected !== null) counted += 1
      return read === expected
    }),
    { numRuns: 20_000, seed: 11 },
  )
  expect(counted).toBeGreaterThan(500)
})

test("10,000 generated peers: none outside of the networks is trusted", () => {
  const trusts = trustOf({ cidrs: ["192.0.2.64/26", "2001:db8:1::/48", "198.51.100.7"] })
  const byte = fc.integer({ min: 0, max: 255 })
  const group = fc.integer({ min: 0, max: 0xffff })
  const v4 = fc.tuple(fc.constantFrom(192, 198), fc.constantFrom(0, 51), fc.constantFrom(2, 100), byte)
  const v6 = fc.tuple(
    fc.constantFrom(0x2001, 0xfe80),
    fc.constantFrom(0xdb8, 0),
    fc.constantFrom(0, 1, 2),
    group,
    group,
  )
  fc.assert(
    fc.property(v4, fc.boolean(), ([a, b, c, d], mapped) => {
      const expected =
        (a === 192 && b === 0 && c === 2 && d >= 64 && d < 128) || (a === 198 && b === 51 && c === 100 && d === 7)
      return trusts(request(`${mapped ? "::ffff:" : ""}${a}.${b}.${c}.${d}`)) === expected
    }),
    { numRuns: 5_000, seed: 11 },
  )
  fc.assert(
    fc.property(v6, (groups) => {
      const [a, b, c] = groups
      const address = `${groups.map((part) => part.toString(16)).join(":")}::1`
      return trusts(request(address)) === (a === 0x2001 && b === 0xdb8 && c === 1)
    }),
    { numRuns: 5_000, seed: 11 },
  )
})
