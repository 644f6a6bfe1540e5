import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import fc from "fast-check"
import { expect, test } from "vitest"
import { id, json, tail, text, time } from "./clean.ts"

test("any JSON becomes a bounded value that PostgreSQL can store", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20, stringUnit: "binary" }), (source) => {
      const copied = JSON.stringify(json(JSON.parse(source), 500)) ?? ""
      expect(copied).not.toContain("\\u0000")
      expect(copied.isWellFormed()).toBe(true)
      // Escapes make a string up to six times as long.
      expect(copied.length).toBeLessThan(6 * 500 + 500)
    }),
  )
})

test("a value nested 100,000 deep is cut instead of overflowing the stack", () => {
  const source = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
  expect(JSON.stringify(json(JSON.parse(source), 1000)).length).toBeLessThan(100)
})

test("a key __proto__ stays data", () => {
  const copied = json(JSON.parse('{"__proto__": {"polluted": true}}'), 1000)
  expect(Object.getPrototypeOf(copied)).toBe(Object.prototype)
  expect(JSON.stringify(copied)).toBe('{"__proto__":{"polluted":true}}')
})

test("text is cut without leaving half a character", () => {
  expect(text("ab\u{1F600}", 3)).toBe("ab\uFFFD")
  expect(tail("\u{1F600}ab", 3)).toBe("\uFFFDab")
  expect(text("a\0b", 10)).toBe("a\uFFFDb")
  expect(text({}, 10)).toBeUndefined()
})

test("ids that could change a path are refused", () => {
  for (const bad of [
    "ses_",
    "ses_../config",
    "ses_a/b",
    "ses_a?x",
    "msg_a",
    `ses_${"a".repeat(61)}`,
    "ses_a\n",
    5,
    null,
  ]) {
    expect(id(bad, "ses")).toBeUndefined()
  }
  expect(id("ses_dfbd95e85ffeF0xcI3AzVPcNFl", "ses")).toBe("ses_dfbd95e85ffeF0xcI3AzVPcNFl")
})

test("times outside of what a database can hold are refused", () => {
  expect([time(-1), time(1e300), time(Number.NaN), time("5"), time(5.7)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    5,
  ])
})

test("a short piece does not keep the long text in memory that it was cut from", () => {
  const held: unknown[] = []
  const cut = () => {
    const long = JSON.parse(`"${"x".repeat(4 * 1024 * 1024)}${held.length}"`)
    held.push(text(long, 1000), tail(long, 1000))
  }
  setFlagsFromString("--expose-gc")
  const collectGarbage: () => void = runInNewContext("gc")
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let index = 0; index < 40; index++) cut()
  collectGarbage()
  // Without a copy it would be 160 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024)
  expect(held).toHaveLength(80)
})
