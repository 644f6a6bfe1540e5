import { fork } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { setTimeout as pause } from "node:timers/promises"
import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase, type Database, migrate } from "../../../control-plane/server/database/index.ts"
import { repositoryRoot } from "../../../scripts/lib/paths.ts"
import { startPostgres } from "../../support/postgres-server.ts"
import { watchShares } from "../steal.ts"
import { load, quantile } from "./load.ts"

const sessions_count = 1_000
const round_ms = 3_000
const warmUp_ms = 3_000
/** How long requests go on before a revocation, and after it. */
const revocation_ms = 500
const revocations_count = 10
const userId = "usr_bench"
const principal = { userId, email: "b@example.com", name: "b", role: "member", method: "password", loginId: null }

/** One round of requests against one listener. */
export interface Round {
  readonly perSecond: number
  readonly p50_ms: number
  readonly p99_ms: number
  /** Share of the processors that the host took away meanwhile. */
  readonly steal: number
}

export interface AuthResult {
  readonly authenticated: readonly Round[]
  readonly open: readonly Round[]
  readonly revocations: {
    readonly count: number
    /** Requests answered before the revocation, and sent after it had been answered. */
    readonly before: number
    readonly after: number
    /** Of those after it, the ones that were not refused with 401. */
    readonly accepted: number
  }
}

interface Listeners {
  readonly authenticated: string
  readonly open: string
}

/**
 * Measures `GET /api/sessions` with 1,000 sessions on a PostgreSQL of its own, with authentication and without, in turn.
 * @param rounds of each kind
 * @param say one line of progress
 */
export async function measureAuth(rounds: number, say: (text: string) => void): Promise<AuthResult> {
  const postgres = await startPostgres()
  const url = await postgres.createDatabase("bench")
  const database = createDatabase({ url: new Secret(url), poolMax: 2 })
  await migrate(database, `${repositoryRoot}/control-plane/server/database/migrations`)
  await fill(database)
  const replicas = [start(url), start(url)] as const
  try {
    const [one, two] = await Promise.all(replicas.map(({ listeners }) => listeners))
    if (one === undefined || two === undefined) throw new Error("two replicas were started")
    const cookie = await signIn(database)
    const result = { authenticated: [] as Round[], open: [] as Round[] }
    for (const kind of ["open", "authenticated"] as const) await round(one[kind], cookie, warmUp_ms)
    for (let index = 0; index < rounds; index += 1) {
      // Which one goes first alternates too: what grows or tires during a run is shared by both.
      const kinds = ["open", "authenticated"] as const
      for (const kind of index % 2 === 0 ? kinds : kinds.toReversed()) {
        const measured = await round(one[kind], cookie, round_ms)
        result[kind].push(measured)
        say(`${kind} ${index + 1}: ${Math.round(measured.perSecond)}/s, p99 ${measured.p99_ms.toFixed(1)} ms`)
      }
    }
    return { ...result, revocations: await revoke(database, [one, two]) }
  } finally {
    for (const { end } of replicas) end()
    await database.destroy()
    await postgres.stop()
  }
}

/** A replica in a process of its own, which ends with this one. */
function start(url: string) {
  const child = fork(`${repositoryRoot}/test/bench/auth/server.ts`, [url, JSON.stringify(principal)])
  const listeners = once(child, "message").then(([message]) => message as Listeners)
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`a replica ended with ${code}`)
  })
  failed.catch(() => undefined)
  return { listeners: Promise.race([listeners, failed]), end: () => child.disconnect() }
}

async function fill(database: Database): Promise<void> {
  const { email, name, role } = principal
  await database("users").insert({ id: userId, issuer: "bench", subject: "b", email, name, role })
  await database.raw(
    `INSERT INTO sessions (id, owner_id, title, visibility, desired, status, created_at)
     SELECT 'ses_' || i, ?, 'session ' || i, 'private', 'stopped', 'stopped', now() - make_interval(secs => i)
       FROM generate_series(1, ?) i`,
    [userId, sessions_count],
  )
  await database.raw("ANALYZE")
}

/** The cookie of a new login. */
async function signIn(database: Database): Promise<string> {
  const token = randomBytes(32).toString("base64url")
  const later = new Date(Date.now() + 3_600_000)
  const row = { id: `lgn_${token.slice(0, 10)}`, user_id: userId, method: "password" }
  const token_hash = createHash("sha256").update(token).digest()
  await database("logins").insert({ ...row, token_hash, idle_expires_at: later, expires_at: later })
  return `berth-local=${token}`
}

async function round(listener: string, cookie: string, duration_ms: number): Promise<Round> {
  const shares = watchShares()
  const begin = performance.now()
  const answers = await load(`${listener}/api/sessions`, cookie, () => performance.now() - begin >= duration_ms)
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

/** Ends a login, or disables its user, on the first replica while both are asked with it. */
async function revoke(database: Database, [one, two]: readonly [Listeners, Listeners]) {
  const sum = { count: revocations_count, before: 0, after: 0, accepted: 0 }
  for (let index = 0; index < revocations_count; index += 1) {
    const cookie = await signIn(database)
    let revokedAt = Number.POSITIVE_INFINITY
    const isOver = () => performance.now() - revokedAt >= revocation_ms
    const asked = Promise.all(
      [one, two].map(({ authenticated }) => load(`${authenticated}/api/sessions`, cookie, isOver)),
    )
    await pause(revocation_ms)
    await (index % 2 === 0 ? logOut(one.authenticated, cookie) : disable(database, new Date()))
    revokedAt = performance.now()
    const answers = (await asked).flat()
    const after = answers.filter(({ sent }) => sent >= revokedAt)
    sum.before += answers.filter(({ sent, status }) => sent < revokedAt && status === 200).length
    sum.after += after.length
    sum.accepted += after.filter(({ status }) => status !== 401).length
    await disable(database, null)
  }
  return sum
}

async function logOut(listener: string, cookie: string): Promise<void> {
  const response = await fetch(`${listener}/api/auth/logout`, { method: "POST", headers: { cookie, origin: listener } })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`signing out was answered with ${response.status}`)
}

async function disable(database: Database, disabled_at: Date | null): Promise<void> {
  await database("users").where({ id: userId }).update({ disabled_at })
}
