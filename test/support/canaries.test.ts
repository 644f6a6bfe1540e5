import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { createSearch, formsOf } from "./canaries.ts"

const value = 'key/+="with spaces" and ünïcode'
const canary = { name: "key", value }

describe("a canary", () => {
  it.each([
    ["as it is", `before ${value} after`],
    ["in JSON", JSON.stringify({ a: value })],
    ["in a URL", new URLSearchParams({ a: value }).toString().replaceAll("+", "%20")],
    ["in hexadecimal", Buffer.from(value).toString("hex")],
    ["in capital hexadecimal", Buffer.from(value).toString("hex").toUpperCase()],
    ["backwards", [...value].reverse().join("")],
    ["in base64, backwards", [...Buffer.from(`x${value}`).toString("base64")].reverse().join("")],
  ])("is found %s", (_, text) => {
    const search = createSearch([canary])
    search.look("here", Buffer.from(text).toString("latin1") === text ? text : Buffer.from(text, "utf8").toString())
    expect(search.hits).toContainEqual(expect.objectContaining({ canary: "key", where: "here" }))
  })

  it.each(["base64", "base64url"] as const)("is found in %s wherever it stands", (encoding) => {
    for (let before = 0; before < 6; before++) {
      for (let after = 0; after < 4; after++) {
        const whole = Buffer.concat([randomBytes(before), Buffer.from(value), randomBytes(after)])
        const search = createSearch([canary])
        search.look("here", whole.toString(encoding))
        expect(search.hits, `${before} bytes before, ${after} after`).toHaveLength(1)
      }
    }
  })

  it("is not found where it is not, and what was looked at is told", () => {
    const search = createSearch([canary])
    search.look("there", "nothing of that kind")
    search.look("there", randomBytes(4096).toString("base64"))
    search.lookPlain("memory", randomBytes(64))
    expect(search.hits).toEqual([])
    expect([...search.seen.keys()]).toEqual(["there", "memory"])
  })

  it("is found in memory, and told once a place", () => {
    const search = createSearch([{ name: "token", value: "0123456789abcdef" }])
    for (let times = 0; times < 2; times++) search.lookPlain("memory", Buffer.from("..0123456789abcdef.."))
    expect(search.hits).toEqual([{ canary: "token", form: "plain", where: "memory" }])
  })

  it("has to be long enough", () => {
    expect(() => createSearch([{ name: "short", value: "abc" }])).toThrow("short")
    expect(formsOf("0123456789abcdef").map(({ text }) => text.length)).not.toContain(0)
  })
})
