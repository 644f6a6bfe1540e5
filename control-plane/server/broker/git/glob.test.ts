import fc from "fast-check"
import { expect, test } from "vitest"
import { matchesGlob } from "./glob.ts"

test.each([
  ["acme/shop", "acme/shop", true],
  ["acme/shop", "acme/shop2", false],
  ["acme/shop", "xacme/shop", false],
  ["acme/*", "acme/shop", true],
  ["acme/*", "acme/", true],
  ["acme/*", "acme/shop/sub", false],
  ["acme/*", "acme2/shop", false],
  ["acme/**", "acme/shop/sub", true],
  ["acme/**", "other/shop", false],
  ["**", "a/b/c", true],
  ["*", "a/b", false],
  ["**/docs", "a/b/docs", true],
  ["**/docs", "docs", false],
  ["acme/*-prod", "acme/shop-prod", true],
  ["acme/*-*-prod", "acme/a-b-c-prod", true],
  ["acme/*-*-prod", "acme/a-prod", false],
  ["acme/s.op", "acme/shop", false],
  ["acme/[a-z]+", "acme/[a-z]+", true],
  ["", "", true],
  ["", "a", false],
])("%s and %s: %s", (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected)
})

test("however many stars there are, a step is made for each character and each place at most", () => {
  const pattern = "acme/*-*-*-prod"
  const text = `acme/${"-".repeat(2_000)}`
  let steps = 0
  expect(matchesGlob(pattern, text, () => ++steps)).toBe(false)
  expect(steps).toBeGreaterThan(0)
  expect(steps).toBeLessThanOrEqual(pattern.length * text.length)
})

test("what matches is what the regular expression of the same pattern matches", () => {
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", ".", "-"), maxLength: 8 })
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "/", ".", "-"), maxLength: 8 })
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      const source = pattern.replace(/[.]/g, "\\.").replace(/\*\*?/g, (star) => (star === "*" ? "[^/]*" : ".*"))
      return matchesGlob(pattern, text) === new RegExp(`^${source}$`).test(text)
    }),
    { numRuns: 20_000, seed: 7 },
  )
})
