import { describe, expect, it } from "vitest"
import { matchRoute } from "../router.ts"
import { upstreamUrl } from "./llm.ts"
import { readReport } from "./report.ts"

describe("a model request's address", () => {
  const to = (upstream: string, rest: string) => {
    const { pathname, searchParams } = new URL(rest, "http://x")
    return upstreamUrl(upstream, pathname, searchParams).href
  }

  it.each([
    ["https://m.example.com/v1", "/chat/completions", "https://m.example.com/v1/chat/completions"],
    ["https://m.example.com", "/v1/messages?beta=true", "https://m.example.com/v1/messages?beta=true"],
    [
      "https://g.example.com/v1beta",
      "/models/x:stream?alt=sse&key=theirs",
      "https://g.example.com/v1beta/models/x:stream?alt=sse",
    ],
    ["https://m.example.com/v1", "/models/org%2Fname", "https://m.example.com/v1/models/org%2Fname"],
    ["https://m.example.com/v1", "//evil.example.com/x", "https://m.example.com/v1/x"],
    ["https://m.example.com/v1", "/models/100%25", "https://m.example.com/v1/models/100%25"],
    ["https://m.example.com/v1", "/@evil.example.com", "https://m.example.com/v1/@evil.example.com"],
  ])("%s with %s is %s", (upstream, rest, expected) => {
    expect(to(upstream, rest)).toBe(expected)
  })

  it.each(["/..%2fadmin", "/x/..%5cadmin", "/%", "/..;/admin", "/x/..;a=b/admin", "/%252e%252e/admin", "/..%253b/x"])(
    "does not lead out of the provider's: %s",
    (rest) => {
      expect(() => upstreamUrl("https://m.example.com/v1", rest, new URLSearchParams())).toThrow()
    },
  )
})

describe("a route", () => {
  it.each([
    ["GET", "/v1/workload", "workload"],
    ["POST", "/v1/report", "report"],
    ["POST", "/v1/llm/demo/chat", "llm"],
    ["GET", "/v1/git/github.com:443/o/r/info/refs", "git"],
    ["POST", "/v1/workload", "none"],
    ["GET", "/v1/llm/demo", "none"],
    ["GET", "/v1/llm/../workload", "workload"],
    ["GET", "//v1/workload", "none"],
    ["GET", "https://elsewhere/v1/workload", "none"],
    ["GET", "/v1/llm/%E0%A4%A/x", "none"],
  ])("%s %s is %s", (method, url, name) => {
    expect(matchRoute(method, url).name).toBe(name)
  })
})

describe("a report", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `h${index}`)

  it("keeps only what is known, cut to its limits", () => {
    expect(
      readReport({
        source: "workspace-init",
        phase: "failed",
        code: "clone_refused",
        message: `a\0b\x1b[31mc\nd${"x".repeat(9_000)}`,
        helpers: { settingsPresent: "yes", names: ["a", 1, "b\0", ...many(500)], more: 1 },
        volume: { totalBytes: 100, freeBytes: 10, reserve: "yes", more: 1 },
        extra: { anything: true },
      }),
    ).toEqual({
      source: "workspace-init",
      phase: "failed",
      code: "clone_refused",
      message: `a b [31mc\nd${"x".repeat(9_000)}`.slice(0, 4_000),
      helpers: { settingsPresent: false, names: ["a", "b ", ...many(198)] },
      volume: { totalBytes: 100, freeBytes: 10, reserve: false },
    })
  })

  it("is stored although its message was cut in the middle of a character", () => {
    const { message } = readReport({ source: "agent", message: `${"x".repeat(3_999)}😀` })
    expect(message).toBe(`${"x".repeat(3_999)}\ufffd`)
    const { helpers } = readReport({ source: "agent", helpers: { names: ["\ud800"] } })
    expect(helpers?.names).toEqual(["\ufffd"])
  })

  it.each([null, [], "text", {}, { source: "control-plane" }, { source: "agent", phase: "done" }])(
    "is not %j",
    (value) => {
      expect(() => readReport(value)).toThrow("report")
    },
  )
})

it.each([
  [{ totalBytes: 100, freeBytes: 101 }],
  [{ totalBytes: -1, freeBytes: -2 }],
  [{ totalBytes: 1e400, freeBytes: 1 }],
  [{ totalBytes: "100", freeBytes: 1 }],
  [null],
  ["full"],
])("a report's volume of %j is left out", (volume) => {
  expect(readReport({ source: "agent", volume })).toEqual({ source: "agent" })
})
