import fc from "fast-check"
import { expect, test } from "vitest"
import { isAppError } from "../../errors/index.ts"
import { isOwnOrigin, requireSameOrigin } from "./cross-site.ts"

const own = { host: "agents.example.com", tls: true }
const passes = (headers: Record<string, string>) => {
  try {
    requireSameOrigin({ host: "agents.example.com", ...headers }, own)
    return true
  } catch (error) {
    if (isAppError(error, "cross_site")) return false
    throw error
  }
}

test.each(["same-origin", "none"])("Sec-Fetch-Site: %s passes", (site) => {
  expect(passes({ "sec-fetch-site": site })).toBe(true)
})

test.each(["cross-site", "same-site", "", "Same-Origin", "same-origin, same-origin"])(
  "Sec-Fetch-Site: %s is refused, whatever Origin says",
  (site) => {
    expect(passes({ "sec-fetch-site": site, origin: "https://agents.example.com" })).toBe(false)
  },
)

test("without Sec-Fetch-Site the Origin must be there and our own", () => {
  expect(passes({})).toBe(false)
  expect(passes({ origin: "https://agents.example.com" })).toBe(true)
  for (const origin of [
    "null",
    "http://agents.example.com",
    "https://agents.example.com:444",
    "https://agents.example.com.evil.com",
    "https://evil.com",
    "https://agents.example.com@evil.com",
    "https://AGENTS.example.com/",
    "",
  ]) {
    expect(passes({ origin }), origin).toBe(false)
  }
})

test.each([
  ["http://agents.example.com", "agents.example.com", /plain HTTP.+https:.+insecureHttp/],
  [
    "https://agents.example.com:8443",
    "agents.example.com",
    /opened at agents.example.com:8443.+Host.+controlPlane.host/,
  ],
  ["https://other.example.com:8443", "other.example.com", /other.example.com:8443/],
  ["http://evil.example.com", "agents.example.com", /^This request came from another site\.$/],
  ["https://agents.example.com.evil.com", "agents.example.com", /^This request came from another site\.$/],
])("a page at %s that asks %s is told what is wrong", (origin, host, words) => {
  expect(() => requireSameOrigin({ host, origin }, own)).toThrow(words)
})

test("Sec-Fetch-Mode is not asked: it says nothing about the site", () => {
  expect(passes({ "sec-fetch-mode": "no-cors" })).toBe(false)
})

test("the address that the request was sent to is our own too, and a port-forward has no TLS", () => {
  expect(isOwnOrigin("https://other.example.com", "other.example.com", own)).toBe(true)
  expect(isOwnOrigin("http://other.example.com", "other.example.com", own)).toBe(false)
  expect(isOwnOrigin("http://localhost:8080", "localhost:8080", own)).toBe(true)
  expect(isOwnOrigin("http://localhost:8081", "localhost:8080", own)).toBe(false)
  expect(isOwnOrigin("http://127.0.0.1:30080", "127.0.0.1:30080", { host: "", tls: false })).toBe(true)
})

test("no origin with another host than the request's passes", () => {
  const hosts = fc.stringMatching(/^[a-z0-9.@:/\\-]{0,30}$/)
  fc.assert(
    fc.property(hosts, fc.constantFrom("https://", "http://", "//", "", "HTTPS://"), (host, scheme) => {
      const origin = scheme + host
      const allowed = origin === "https://agents.example.com"
      return passes({ origin }) === allowed
    }),
    { numRuns: 5_000, seed: 7 },
  )
})
