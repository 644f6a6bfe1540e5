import fc from "fast-check"
import { expect, test } from "vitest"
import { growth, LINEAR_RATIO_MAX } from "../../../test/support/growth.ts"
import { foldText } from "./fold.ts"

test("a delta begins where it says, or at the end", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.record({ offset: fc.nat(30), delta: fc.string() })), (text, deltas) => {
      let expected = text
      for (const { offset, delta } of deltas) expected = expected.slice(0, offset) + delta
      expect(foldText(text, deltas)).toBe(expected)
    }),
  )
})

test("deltas that each take back a little cost what they are long, not what the text is", () => {
  const repeats = (count: number) => () =>
    foldText(
      "x".repeat(count),
      Array.from({ length: count }, () => ({ offset: count - 1, delta: "yz" })),
    )
  expect(growth(repeats, 20_000).ratio).toBeLessThan(LINEAR_RATIO_MAX)
})
