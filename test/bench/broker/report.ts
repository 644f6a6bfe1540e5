import { median } from "../statistics.ts"
import { type BrokerResult, offered_megabytes, type PackRound, type TokenRound } from "./index.ts"

/** Rounds in which the host took more than this share of the processors say nothing about us. */
const steal_max = 0.15
/** What is asked for. */
const added_p50_ms_max = 5
const added_p99_ms_max = 20
const pack_loss_max = 0.1

interface Pair<Round> {
  readonly direct: Round
  readonly through: Round
}

export interface BrokerReport {
  readonly tokens: { readonly sent: number; readonly lost: number }
  /** Medians over the undisturbed rounds, milliseconds a chunk. */
  readonly p50_ms: { readonly direct: number; readonly through: number; readonly added: number }
  readonly p99_ms: { readonly direct: number; readonly through: number; readonly added: number }
  readonly packs: { readonly direct: number; readonly through: number; readonly lost: number }
  /** Milliseconds of processor. */
  readonly cost: Readonly<
    Record<"sidecar" | "broker", { readonly thousandChunks_ms: number; readonly hundredMegabytes_ms: number }>
  >
  readonly rounds: { readonly tokens: number; readonly packs: number; readonly disturbed: number }
  readonly met: { readonly tokens: boolean; readonly p50: boolean; readonly p99: boolean; readonly packs: boolean }
}

/** Medians over the rounds that were not disturbed on either way, and whether they are as they are to be. */
export function reportBroker({ tokens, packs }: BrokerResult): BrokerReport {
  const tokenPairs = pairs(tokens)
  const packPairs = pairs(packs)
  const p50_ms = compare(tokenPairs.kept, ({ p50_ms }) => p50_ms)
  const p99_ms = compare(tokenPairs.kept, ({ p99_ms }) => p99_ms)
  // A lost token is one, whatever the host did meanwhile.
  const sums = tokenPairs.all.map(({ through }) => through)
  const sent = sums.reduce((sum, { expected }) => sum + expected, 0)
  const lost = sums.reduce((sum, round) => sum + round.lost, 0)
  const speed = compare(packPairs.kept, ({ megabytesPerSecond }) => megabytesPerSecond)
  const packLoss = rounded(
    median(packPairs.kept.map((pair) => 1 - pair.through.megabytesPerSecond / pair.direct.megabytesPerSecond)),
  )
  const cost = (name: "sidecar_s" | "broker_s") => ({
    thousandChunks_ms: rounded(median(tokenPairs.kept.map(({ through }) => (through[name] * 1e6) / through.expected))),
    hundredMegabytes_ms: rounded(
      median(packPairs.kept.map(({ through }) => (through[name] * 1e5) / through.megabytes)),
    ),
  })
  return {
    tokens: { sent, lost },
    p50_ms,
    p99_ms,
    packs: { direct: speed.direct, through: speed.through, lost: packLoss },
    cost: { sidecar: cost("sidecar_s"), broker: cost("broker_s") },
    rounds: {
      tokens: tokenPairs.kept.length,
      packs: packPairs.kept.length,
      disturbed: tokenPairs.disturbed + packPairs.disturbed,
    },
    met: {
      tokens: lost === 0,
      p50: p50_ms.added <= added_p50_ms_max,
      p99: p99_ms.added <= added_p99_ms_max,
      packs: packLoss < pack_loss_max,
    },
  }
}

/** The report as a table for people. */
export function brokerTable({ tokens, p50_ms, p99_ms, packs, cost, rounds, met }: BrokerReport): string {
  const row = (...cells: (string | number)[]) =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(34) : String(cell).padStart(11))).join("")
  const mark = (is: boolean) => (is ? "✓" : "✗")
  return [
    row("50 streams of 100 tokens/s, ms", "direct", "through", "added"),
    row("a chunk's way, p50", p50_ms.direct, p50_ms.through, p50_ms.added),
    row("a chunk's way, p99", p99_ms.direct, p99_ms.through, p99_ms.added),
    row(`git, ${offered_megabytes} MB/s offered, MB/s`, packs.direct, packs.through, `-${rounded(packs.lost * 100)} %`),
    "",
    row("processor, ms", "sidecar", "broker", "both"),
    ...(["thousandChunks_ms", "hundredMegabytes_ms"] as const).map((name) =>
      row(
        name === "thousandChunks_ms" ? "for 1,000 chunks" : "for 100 MB of git",
        cost.sidecar[name],
        cost.broker[name],
        rounded(cost.sidecar[name] + cost.broker[name]),
      ),
    ),
    "",
    `${mark(met.tokens)} ${tokens.lost} of ${tokens.sent} tokens lost`,
    `${mark(met.p50)} p50 added: ${p50_ms.added} ms (at most ${added_p50_ms_max})`,
    `${mark(met.p99)} p99 added: ${p99_ms.added} ms (at most ${added_p99_ms_max})`,
    `${mark(met.packs)} git loses ${rounded(packs.lost * 100)} % (less than ${pack_loss_max * 100})`,
    `medians of ${rounds.tokens} pairs of rounds with tokens and ${rounds.packs} with packs; left out as disturbed (steal over ${steal_max * 100} %): ${rounds.disturbed}`,
  ].join("\n")
}

type Rounds<Round> = Readonly<Record<"direct" | "through", readonly Round[]>>

function pairs<Round extends TokenRound | PackRound>({ direct, through }: Rounds<Round>) {
  const all: Pair<Round>[] = direct.flatMap((round, index) => {
    const other = through[index]
    return other === undefined ? [] : [{ direct: round, through: other }]
  })
  const kept = all.filter((pair) => pair.direct.steal <= steal_max && pair.through.steal <= steal_max)
  return { all, kept, disturbed: all.length - kept.length }
}

function compare<Round>(kept: readonly Pair<Round>[], of: (round: Round) => number) {
  return {
    direct: rounded(median(kept.map(({ direct }) => of(direct)))),
    through: rounded(median(kept.map(({ through }) => of(through)))),
    added: rounded(median(kept.map(({ direct, through }) => of(through) - of(direct)))),
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
