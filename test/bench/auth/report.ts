import { median } from "../statistics.ts"
import type { AuthResult, Round } from "./index.ts"

/** What is asked for: at least so much of what the same handler does without authentication. */
const ratio_min = 0.8

type Kind = "authenticated" | "open"
type Summary = Record<keyof Round, number>

export interface AuthReport {
  readonly summaries: Readonly<Record<Kind, Summary>>
  /** Median over the rounds of authenticated by open requests a second, each with its neighbour in time. */
  readonly ratio: number
  readonly revocations: AuthResult["revocations"]
  readonly met: { readonly ratio: boolean; readonly revocations: boolean }
}

/** Medians over all rounds, and whether they are as they are to be. */
export function reportAuth({ authenticated, open, revocations }: AuthResult): AuthReport {
  const ratios = authenticated.map(({ perSecond }, index) => perSecond / (open[index]?.perSecond ?? Number.NaN))
  const ratio = rounded(median(ratios))
  return {
    summaries: { authenticated: summarise(authenticated), open: summarise(open) },
    ratio,
    revocations,
    met: { ratio: ratio >= ratio_min, revocations: revocations.after > 0 && revocations.accepted === 0 },
  }
}

/** The report as a table for people. */
export function authTable({ summaries, ratio, revocations, met }: AuthReport): string {
  const head = ["GET /api/sessions".padEnd(24), "requests/s", "   p50 ms", "   p99 ms", "  steal %"].join("")
  const line = (words: string, { perSecond, p50_ms, p99_ms, steal }: Summary) =>
    [
      words.padEnd(24),
      String(Math.round(perSecond)).padStart(10),
      ...[p50_ms, p99_ms, steal * 100].map((value) => value.toFixed(1).padStart(9)),
    ].join("")
  const { count, before, after, accepted } = revocations
  return [
    head,
    line("without authentication", summaries.open),
    line("with authentication", summaries.authenticated),
    "",
    `${met.ratio ? "✓" : "✗"} with authentication, times without: ${ratio} (at least ${ratio_min})`,
    `${met.revocations ? "✓" : "✗"} ${count} revocations under load on two replicas: ${before} requests passed before, ${accepted} of ${after} sent after`,
  ].join("\n")
}

function summarise(rounds: readonly Round[]): Summary {
  const middle = (name: keyof Round) => rounded(median(rounds.map((round) => round[name])))
  return { perSecond: middle("perSecond"), p50_ms: middle("p50_ms"), p99_ms: middle("p99_ms"), steal: middle("steal") }
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000
}
