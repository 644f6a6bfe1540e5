import fc from "fast-check"
import { expect, test } from "vitest"
import { hostNameOf, isAllowedHost } from "./hosts.ts"

const allowed = ["agents.example.com", ".preview.example.com", "127.0.0.1", "::1"]

test.each([
  "agents.example.com",
  "AGENTS.example.com:8443",
  "a.preview.example.com",
  "x.y.preview.example.com:80",
  "127.0.0.1:30080",
  "[::1]:8080",
])("%s is allowed", (host) => expect(isAllowedHost(host, allowed)).toBe(true))

test.each([
  undefined,
  "",
  "example.com",
  "evil.com",
  "xagents.example.com",
  "agents.example.com.evil.com",
  "agents.example.com:80:80",
  "agents.example.com:x",
  "evil.com:x@agents.example.com",
  "agents.example.com@evil.com",
  "agents.example.com/evil",
  "agents.example.com, evil.com",
  "agents.example.com\tevil",
  ".preview.example.com",
  "preview.example.com",
  "evilpreview.example.com",
  "127.0.0.1.evil.com",
  "[::1",
  "::1",
])("%s is refused", (host) => expect(isAllowedHost(host, allowed)).toBe(false))

test("what is allowed has the allowed name between its start and its port", () => {
  const piece = fc.constantFrom(
    "agents.example.com",
    ".preview.example.com",
    "evil.com",
    "@",
    ":",
    "80",
    "/",
    ".",
    "a",
    "%00",
    " ",
    "[",
    "]",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const header = pieces.join("")
      if (!isAllowedHost(header, allowed)) return true
      return /^(agents\.example\.com|[a-z0-9.-]+\.preview\.example\.com)(:\d+)?$/.test(header)
    }),
    { numRuns: 20_000, seed: 7 },
  )
  expect(hostNameOf("A.b:1")).toBe("a.b")
})
