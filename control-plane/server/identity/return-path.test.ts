import fc from "fast-check"
import { expect, test } from "vitest"
import { safeReturnPath } from "./return-path.ts"

test.each(["/", "/sessions/ses_1", "/sessions?q=a%20b&x=//c#top", "/settings"])("%s is a path of our own", (path) => {
  expect(safeReturnPath(path, "/")).toBe(path)
})

test.each([
  undefined,
  null,
  7,
  "",
  "sessions",
  "//evil.com",
  "///evil.com",
  "/\\evil.com",
  "\\\\evil.com",
  "https://evil.com",
  "http:evil.com",
  "javascript:alert(1)",
  "/\t/evil.com",
  "/\n/evil.com",
  "\t//evil.com",
  " //evil.com",
  "/ /evil.com",
  "/%2f/evil.com",
  "/%5cevil.com",
  "/..//evil.com",
  "/.//evil.com",
  "/a/..//evil.com",
  "/%2e%2e//evil.com",
  "/\u2028/evil.com",
  "/\u200b/evil.com",
  "//user:pw@evil.com",
  "/api/auth/logout",
  "/api/sessions",
  "@evil.com",
  "/\u0000/evil.com",
  "/﹨evil.com\\",
  `/${"a".repeat(3_000)}`,
])("%j leads to the start page", (path) => expect(safeReturnPath(path, "/")).toBe("/"))

test("with a prefix only paths below it are our own", () => {
  expect(safeReturnPath("/berth/sessions", "/berth/")).toBe("/berth/sessions")
  for (const path of ["/", "/other", "/berth", "/berthx/", "/berth/../other", "/berth/../../", "/berth/api/me"]) {
    expect(safeReturnPath(path, "/berth/"), path).toBe("/berth/")
  }
})

test("of 20,000 hostile payloads none leaves the origin or the prefix", () => {
  const piece = fc.constantFrom(
    "/",
    "//",
    "\\",
    "\t",
    "\n",
    "\r",
    " ",
    ".",
    "..",
    "%2f",
    "%2F",
    "%5c",
    "%5C",
    "%2e",
    "%09",
    "%00",
    "@",
    ":",
    "?",
    "#",
    ";",
    "&",
    "evil.com",
    "https:",
    "http:",
    "javascript:",
    "data:",
    "a",
    "berth",
    "api",
    "\u0000",
    "\u00a0",
    "\u2028",
    "\u3002",
    "\uff0f",
    "\ufe68",
    "[::1]",
    "xn--",
    "%",
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.constantFrom("/", "/berth/"), (pieces, prefix) => {
      const result = safeReturnPath(pieces.join(""), prefix)
      for (const base of [`https://own.example${prefix}`, `https://own.example${prefix}sessions/x`]) {
        const url = new URL(result, base)
        if (url.origin !== "https://own.example" || !url.pathname.startsWith(prefix)) return false
      }
      // As the header Location, before any browser has read it.
      return /^\/(?![/\\])[\x21-\x7e]*$/.test(result)
    }),
    { numRuns: 20_000, seed: 7 },
  )
})
