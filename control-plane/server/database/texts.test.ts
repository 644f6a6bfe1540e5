import { describe, expect, it } from "vitest"
import { storableJson, storableText, unstorableIn } from "./texts.ts"

describe("a text that PostgreSQL does not store", () => {
  it.each([
    ["a\0b", []],
    [{ a: ["fine", { b: "\ud800" }] }, ["a", "1", "b"]],
    [{ a: { "\udc00": 1 } }, ["a"]],
    [{ "a\0": 1 }, []],
    [{ a: "😀 \\u0000 \t", b: [null, 1, true] }, null],
  ])("is found in %j", (value, place) => {
    expect(unstorableIn(value)).toEqual(place)
  })

  it("is found at any depth, in a time that grows with the size only", () => {
    const depth = 200_000
    const deep: unknown = JSON.parse(`${"[".repeat(depth)}"\\u0000"${"]".repeat(depth)}`)
    expect(unstorableIn(deep)).toHaveLength(depth)
  })

  it("is written out instead", () => {
    expect(storableText("a\0b\ud800😀\udc00")).toBe("a\\u0000b\\ud800😀\\udc00")
    const odd = { "k\0": ["\ud800", "\\u0000", "\\\\ud800", "line\n😀", { n: 1 }] }
    const read = JSON.parse(storableJson(odd))
    expect(read).toEqual({ "k\\u0000": ["\\ud800", "\\u0000", "\\\\ud800", "line\n😀", { n: 1 }] })
    expect(unstorableIn(read)).toBeNull()
  })
})
