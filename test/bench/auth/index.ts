import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase, migrate } from "../../../control-plane/server/database/index.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { startPostgres } from "../../support/postgres-server.ts"
import { watchShares } from "../steal.ts"
import { type Callers, createCallers, quantile } from "./load.ts"
import { type Revocation, revokeAll } from "./revocations.ts"
import { fill, owner, signIn, startReplica } from "./world.ts"

/**
 * Both are asked in turn for a moment: what else the machine does then is the same for both, so that a pair says
 * something where a long round of each would not.
 */
const slice_ms = 250
const pairs_perSample = 10
const warmUp_ms = 3_000
const revocations_times = 3

/** A moment of requests against one listener. */
export interface Slice {
  readonly perSecond: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Share of the processors that the host took away meanwhile. */
  readonly steal: number
}

/** Two moments next to each other. */
export interface Pair {
  readonly authenticated: Slice
  readonly open: Slice
}

export interface AuthResult {
  readonly pairs: readonly Pair[]
  readonly revocations: readonly Revocation[]
}

/**
 * Measures `GET /api/sessions` with 1,000 sessions on a PostgreSQL of its own, with authentication and without, in turn,
 * and what is let through after a revocation while both replicas are asked.
 * @param samples ten pairs each
 * @param say one line of progress
 */
export async function measureAuth(samples: number, say: (text: string) => void): Promise<AuthResult> {
  const postgres = await startPostgres()
  const url = await postgres.createDatabase("bench")
  const database = createDatabase({ url: new Secret(url), poolMax: 2 })
  await migrate(database, `${repositoryRoot}/control-plane/server/database/migrations`)
  await fill(database)
  const replicas = [startReplica(url), startReplica(url)]
  try {
    const listeners = await Promise.all(replicas.map((replica) => replica.listeners))
    const [one] = listeners
    if (one === undefined) throw new Error("two replicas were started")
    const callers = { open: createCallers(one.open), authenticated: createCallers(one.authenticated) }
    const cookie = await signIn(database, owner.userId)
    for (const each of [callers.open, callers.authenticated]) await slice(each, cookie, warmUp_ms)
    const pairs: Pair[] = []
    for (let index = 0; index < samples * pairs_perSample; index += 1) {
      pairs.push(await pair(callers, cookie, index % 2 === 0))
      const ratios = pairs
        .slice(-pairs_perSample)
        .map(({ authenticated, open }) => authenticated.perSecond / open.perSecond)
      if (pairs.length % pairs_perSample === 0) {
        say(`${pairs.length} pairs: of the last ten the middle one has a ratio of ${quantile(ratios, 0.5).toFixed(3)}`)
      }
    }
    await Promise.all([callers.open.close(), callers.authenticated.close()])
    return { pairs, revocations: await revokeAll(database, listeners, revocations_times, say) }
  } finally {
    for (const { end } of replicas) end()
    await database.destroy()
    await postgres.stop()
  }
}

/** Which one goes first alternates: what grows or tires during a run is shared by both. */
async function pair(callers: Record<keyof Pair, Callers>, cookie: string, openFirst: boolean): Promise<Pair> {
  if (openFirst) {
    const open = await slice(callers.open, cookie, slice_ms)
    return { open, authenticated: await slice(callers.authenticated, cookie, slice_ms) }
  }
  const authenticated = await slice(callers.authenticated, cookie, slice_ms)
  return { authenticated, open: await slice(callers.open, cookie, slice_ms) }
}

async function slice(callers: Callers, cookie: string, duration_ms: number): Promise<Slice> {
  const shares = watchShares()
  const begin = performance.now()
  const answers = await callers.load("/api/sessions", { cookie }, () => performance.now() - begin >= duration_ms)
  const took_s = (performance.now() - begin) / 1_000
  const wrong = answers.find(({ status }) => status !== 200)
  if (wrong !== undefined) throw new Error(`a request was answered with ${wrong.status}`)
  const times = answers.map(({ took_ms }) => took_ms)
  return {
    perSecond: answers.length / took_s,
    p50_ms: quantile(times, 0.5),
    p99_ms: quantile(times, 0.99),
    steal: shares().steal,
  }
}
