import { expect, test } from "vitest"
import type { Pair } from "./index.ts"
import { authTable, reportAuth } from "./report.ts"
import type { Revocation } from "./revocations.ts"

const slice = (perSecond: number, steal = 0) => ({ perSecond, p50_ms: 1, p99_ms: 2, steal })
const pairs = (...ratios: number[]): Pair[] =>
  ratios.map((ratio) => ({ open: slice(1_000), authenticated: slice(1_000 * ratio) }))
const revocation: Revocation = {
  what: "a login is signed out",
  count: 1,
  before: 10,
  after: 10,
  accepted: 0,
  streams: 2,
  slowest_ms: 900,
}
const many = (ratio: number, spread: number) =>
  pairs(...Array.from({ length: 100 }, (_, index) => ratio + (spread * (index - 50)) / 50))

test("the ratio is met when its whole interval is, however far single pairs lie off", () => {
  const good = reportAuth({ pairs: [...many(0.9, 0.3), ...pairs(0.1, 9)], revocations: [revocation] })
  expect(good.ratio.median).toBeCloseTo(0.9, 1)
  expect(good.ratio.low).toBeGreaterThan(0.8)
  expect(good.met).toEqual({ ratio: true, revocations: true })
  expect(authTable(good)).toContain("✓ with by without: 0.")
  // The middle alone would do: 0.82.
  expect(reportAuth({ pairs: many(0.82, 0.6), revocations: [revocation] }).met.ratio).toBe(false)
  expect(reportAuth({ pairs: [], revocations: [revocation] }).met.ratio).toBe(false)
})

test("pairs of which the host took a part are left out and counted", () => {
  const stolen = { open: slice(1_000), authenticated: slice(10, 0.4) }
  expect(reportAuth({ pairs: [...pairs(0.9, 0.9), stolen], revocations: [] })).toMatchObject({ pairs: 2, leftOut: 1 })
})

test("revocations hold when nothing passes afterwards, something passed before, and streams end in time", () => {
  const met = (...revocations: Revocation[]) => reportAuth({ pairs: [], revocations }).met.revocations
  expect(met(revocation)).toBe(true)
  expect(met()).toBe(false)
  for (const wrong of [{ accepted: 1 }, { before: 0 }, { after: 0 }, { slowest_ms: 5_001 }]) {
    expect(met(revocation, { ...revocation, ...wrong }), JSON.stringify(wrong)).toBe(false)
  }
})
