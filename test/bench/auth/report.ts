import { median } from "../statistics.ts"
import type { AuthResult, Pair, Slice } from "./index.ts"
import type { Revocation } from "./revocations.ts"

/** What is asked for: at least so much of what the same handler does without authentication. */
const ratio_min = 0.8
const stream_ms_max = 5_000
/** Pairs in one half of which the host took more than this share of the processors say nothing about us. */
const steal_share_max = 0.15

type Summary = Record<keyof Slice, number>

export interface AuthReport {
  readonly summaries: Readonly<Record<keyof Pair, Summary>>
  /**
   * Median over the pairs of authenticated by open requests a second; with 95 % confidence the true one lies between
   * `low` and `high`, whatever else the machine did.
   */
  readonly ratio: { readonly median: number; readonly low: number; readonly high: number }
  readonly pairs: number
  readonly leftOut: number
  readonly revocations: readonly Revocation[]
  readonly met: { readonly ratio: boolean; readonly revocations: boolean }
}

/** Medians over all pairs, and whether they are as they are to be. */
export function reportAuth({ pairs, revocations }: AuthResult): AuthReport {
  const kept = pairs.filter(({ open, authenticated }) => Math.max(open.steal, authenticated.steal) <= steal_share_max)
  const ratio = middleOf(kept.map(({ open, authenticated }) => authenticated.perSecond / open.perSecond))
  const held = ({ before, after, accepted, slowest_ms }: Revocation) =>
    before > 0 && after > 0 && accepted === 0 && slowest_ms <= stream_ms_max
  return {
    summaries: {
      open: summarise(kept.map(({ open }) => open)),
      authenticated: summarise(kept.map(({ authenticated }) => authenticated)),
    },
    ratio,
    pairs: kept.length,
    leftOut: pairs.length - kept.length,
    revocations,
    // The whole interval, not only its middle: a lucky run is no proof.
    met: { ratio: ratio.low >= ratio_min, revocations: revocations.length > 0 && revocations.every(held) },
  }
}

/** The report as a table for people. */
export function authTable({ summaries, ratio, pairs, leftOut, revocations, met }: AuthReport): string {
  const head = ["GET /api/sessions".padEnd(24), "requests/s", "   p50 ms", "   p99 ms", "  steal %"].join("")
  const line = (words: string, { perSecond, p50_ms, p99_ms, steal }: Summary) =>
    [
      words.padEnd(24),
      String(Math.round(perSecond)).padStart(10),
      ...[p50_ms, p99_ms, steal * 100].map((value) => value.toFixed(1).padStart(9)),
    ].join("")
  return [
    head,
    line("without authentication", summaries.open),
    line("with authentication", summaries.authenticated),
    "",
    `${met.ratio ? "✓" : "✗"} with by without: ${ratio.median}, with 95 % confidence ${ratio.low} to ${ratio.high} (all of it at least ${ratio_min}); ${pairs} pairs, ${leftOut} left out for steal`,
    "",
    `${met.revocations ? "✓" : "✗"} revocations under load on two replicas (nothing passes afterwards, streams end within ${stream_ms_max} ms)`,
    ...revocations.map(
      ({ what, count, before, after, accepted, streams, slowest_ms }) =>
        `  ${what}, ${count} times: ${before} passed before, ${accepted} of ${after} after; ${streams} streams ended within ${slowest_ms} ms`,
    ),
  ].join("\n")
}

/** The median and its interval from the order of the values alone, so that no outlier moves it far. */
function middleOf(values: readonly number[]): AuthReport["ratio"] {
  const sorted = values.toSorted((one, other) => one - other)
  const reach = 0.98 * Math.sqrt(sorted.length)
  const low = Math.max(0, Math.floor(sorted.length / 2 - reach))
  const high = Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + reach))
  return {
    median: rounded(median(sorted)),
    low: rounded(sorted[low] ?? Number.NaN),
    high: rounded(sorted[high] ?? Number.NaN),
  }
}

function summarise(slices: readonly Slice[]): Summary {
  const middle = (name: keyof Slice) => rounded(median(slices.map((slice) => slice[name])))
  return { perSecond: middle("perSecond"), p50_ms: middle("p50_ms"), p99_ms: middle("p99_ms"), steal: middle("steal") }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
