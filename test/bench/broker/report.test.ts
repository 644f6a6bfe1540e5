import { expect, test } from "vitest"
import type { PackRound, TokenRound } from "./index.ts"
import { brokerTable, reportBroker } from "./report.ts"

const conditions = { steal: 0, quiet: true, sidecar_s: 1, broker_s: 2 }
const tokens = (p50_ms: number, more: Partial<TokenRound> = {}): TokenRound => ({
  ...conditions,
  expected: 10_000,
  lost: 0,
  p50_ms,
  p99_ms: p50_ms * 10,
  ...more,
})
const pack = (megabytesPerSecond: number, more: Partial<PackRound> = {}): PackRound => ({
  ...conditions,
  megabytes: 100,
  megabytesPerSecond,
  ...more,
})

test("what is added is the median over pairs of rounds, and has a price", () => {
  const report = reportBroker({
    tokens: { direct: [tokens(1), tokens(2), tokens(9)], through: [tokens(2), tokens(4), tokens(9)] },
    packs: { direct: [pack(50)], through: [pack(48)] },
  })
  expect(report.p50_ms).toEqual({ direct: 2, through: 4, added: 1 })
  expect(report.p99_ms.added).toBe(10)
  expect(report.packs).toEqual({ direct: 50, through: 48, lost: 0.04 })
  expect(report.cost.sidecar).toEqual({ thousandChunks_ms: 100, hundredMegabytes_ms: 1_000 })
  expect(report.met).toEqual({ tokens: true, p50: true, p99: true, packs: true })
})

test("pairs in which the host took the processors away are left out, and said to be", () => {
  const report = reportBroker({
    tokens: { direct: [tokens(1), tokens(1)], through: [tokens(2), tokens(90, { steal: 0.3 })] },
    packs: { direct: [pack(10, { steal: 0.3 }), pack(50)], through: [pack(50), pack(40)] },
  })
  expect(report.p50_ms.added).toBe(1)
  expect(report.rounds).toEqual({ tokens: 1, packs: 1, disturbed: 2 })
  expect(report.met.packs).toBe(false)
  expect(brokerTable(report)).toContain("left out as disturbed (steal over 15 %): 2")
})

test("a lost token counts whatever the host did, and nothing measured is nothing met", () => {
  const report = reportBroker({
    tokens: { direct: [tokens(1)], through: [tokens(1, { lost: 1, steal: 0.9 })] },
    packs: { direct: [], through: [] },
  })
  expect(report.met).toEqual({ tokens: false, p50: false, p99: false, packs: false })
  expect(brokerTable(report)).toContain("✗ 1 of 10000 tokens lost")
})
