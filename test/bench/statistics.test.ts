import { expect, test } from "vitest"
import { median, type Sample, summarise } from "./statistics.ts"
import { parseTicks, sharesBetween } from "./steal.ts"

test("the median is the middle value, or the mean of the two in the middle", () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

test("samples from which the host took too much are left out and counted", () => {
  const sample = (steal: number, ready: number): Sample => ({ steal, quiet: true, points_ms: { ready } })
  expect(summarise([sample(0, 100), sample(0.15, 300), sample(0.16, 9_000)])).toEqual({
    ready: { median_ms: 200, min_ms: 100, max_ms: 300, samples: 2, leftOut: 1 },
  })
})

test("a point that a sample did not reach is missing from its summary only", () => {
  const samples: Sample[] = [
    { steal: 0, quiet: true, points_ms: { a: 1, b: 2 } },
    { steal: 0, quiet: true, points_ms: { a: 3 } },
  ]
  expect(summarise(samples).b).toMatchObject({ median_ms: 2, samples: 1, leftOut: 0 })
})

test("steal and idle are shares of the time between two looks", () => {
  const before = parseTicks("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1 1 1\n")
  const after = parseTicks("cpu  110 0 110 740 100 0 0 40 0 0\n")
  expect(sharesBetween(before, after)).toEqual({ steal: 0.4, idle: 0.4 })
})
