import { quantile } from "../auth/load.ts"
import { quietSecond, watchShares } from "../steal.ts"
import { watchProcessor } from "./cpu.ts"
import { type Installation, startInstallation } from "./installation.ts"
import { fetchPack, streamTokens } from "./load.ts"

const tokens_ms = 5_000
const warmUp_ms = 2_000
export const offered_megabytes = 50
const pack_bytes = 150_000_000

export const ways = ["direct", "through"] as const
export type Way = (typeof ways)[number]

/** What was going on beside a measurement, and what it cost on the longer way. */
interface Conditions {
  /** Share of the processors that the host took away meanwhile. */
  readonly steal: number
  /** Whether a quiet second came before it. */
  readonly quiet: boolean
  /** Seconds of processor of sidecar and broker. */
  readonly sidecar_s: number
  readonly broker_s: number
}

export interface TokenRound extends Conditions {
  readonly expected: number
  readonly lost: number
  readonly p50_ms: number
  readonly p99_ms: number
}

export interface PackRound extends Conditions {
  readonly megabytesPerSecond: number
  readonly megabytes: number
}

export interface BrokerResult {
  readonly tokens: Readonly<Record<Way, readonly TokenRound[]>>
  readonly packs: Readonly<Record<Way, readonly PackRound[]>>
}

/**
 * Measures model streams and git packs through sidecar and broker next to a direct connection to the same upstream, in
 * turn and in the same run. @param rounds of each way
 */
export async function measureBroker(rounds: number, say: (text: string) => void): Promise<BrokerResult> {
  const installation = await startInstallation()
  const tokens: Record<Way, TokenRound[]> = { direct: [], through: [] }
  const packs: Record<Way, PackRound[]> = { direct: [], through: [] }
  try {
    for (const way of ways) {
      await streamTokens(installation[way].model, warmUp_ms)
      await fetchPack(installation[way].git, pack_bytes / 10, offered_megabytes * 1e6)
    }
    for (let index = 0; index < rounds; index += 1) {
      // Which one goes first alternates too: what grows or tires during a run is shared by both.
      const order = index % 2 === 0 ? ways : ways.toReversed()
      for (const way of order) {
        const round = await tokenRound(installation, way)
        tokens[way].push(round)
        say(
          `tokens ${way} ${index + 1}: p50 ${round.p50_ms.toFixed(2)} ms, p99 ${round.p99_ms.toFixed(2)} ms, ` +
            `lost ${round.lost}, steal ${(round.steal * 100).toFixed(0)} %`,
        )
      }
      for (const way of order) {
        const round = await packRound(installation, way)
        packs[way].push(round)
        say(
          `pack ${way} ${index + 1}: ${round.megabytesPerSecond.toFixed(1)} MB/s, steal ${(round.steal * 100).toFixed(0)} %`,
        )
      }
    }
    return { tokens, packs }
  } finally {
    await installation.stop()
  }
}

async function tokenRound(installation: Installation, way: Way): Promise<TokenRound> {
  const { result, conditions } = await observed(installation, () => streamTokens(installation[way].model, tokens_ms))
  const { expected, received, latencies_ms } = result
  return {
    ...conditions,
    expected,
    lost: expected - received,
    p50_ms: quantile(latencies_ms, 0.5),
    p99_ms: quantile(latencies_ms, 0.99),
  }
}

async function packRound(installation: Installation, way: Way): Promise<PackRound> {
  const { result, conditions } = await observed(installation, () =>
    fetchPack(installation[way].git, pack_bytes, offered_megabytes * 1e6),
  )
  return { ...conditions, megabytesPerSecond: result, megabytes: pack_bytes / 1e6 }
}

async function observed<T>(
  { pids }: Installation,
  run: () => Promise<T>,
): Promise<{ result: T; conditions: Conditions }> {
  const quiet = await quietSecond()
  const shares = watchShares()
  const sidecar = watchProcessor(pids.sidecar)
  const broker = watchProcessor(pids.broker)
  const result = await run()
  return { result, conditions: { quiet, steal: shares().steal, sidecar_s: sidecar(), broker_s: broker() } }
}
