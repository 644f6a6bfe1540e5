import { describe, expect, test } from "vitest"
import { generators } from "./generate.ts"

const SAMPLES = 20_000

describe.each([
  { kind: "token", pattern: /^[A-Za-z0-9_-]{43}$/, alphabet: 64, bytes: 32 },
  { kind: "password", pattern: /^[A-HJ-NP-Za-km-z2-9]{32}$/, alphabet: 57, bytes: undefined },
  { kind: "encryption-key", pattern: /^[A-Za-z0-9+/]{43}=$/, alphabet: 64, bytes: 32 },
] as const)("a generated $kind", ({ kind, pattern, alphabet, bytes }) => {
  const values = Array.from({ length: SAMPLES }, generators[kind])

  test("has its length and alphabet, and decodes to as many bytes as its consumer wants", () => {
    for (const value of values) {
      expect(value).toMatch(pattern)
      if (bytes !== undefined) expect(Buffer.from(value, "base64").length).toBe(bytes)
    }
  })

  test("is never the same twice", () => {
    expect(new Set(values).size).toBe(SAMPLES)
  })

  test("uses every character of its alphabet equally often at every place", () => {
    const places = (values[0] ?? "").replace(/.=?$/, "").length
    for (let place = 0; place < places; place++) {
      const counts = new Map<string, number>()
      for (const value of values) {
        const character = value.charAt(place)
        counts.set(character, (counts.get(character) ?? 0) + 1)
      }
      const expected = SAMPLES / alphabet
      const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      expect(counts.size).toBe(alphabet)
      // 63 degrees of freedom: 151 is exceeded once in 10^9 by chance.
      expect(chiSquare).toBeLessThan(151)
    }
  })
})
