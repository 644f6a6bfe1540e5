import { readFileSync } from "node:fs"
import { KubeConfig } from "@kubernetes/client-node"
import { pino } from "pino"
import { afterAll, beforeAll } from "vitest"
import type { Bucket } from "../../../control-plane/server/artifacts/bucket.ts"
import { createArtifactKeeper } from "../../../control-plane/server/artifacts/keeper.ts"
import { createAudit } from "../../../control-plane/server/audit/index.ts"
import { type Cluster, createCluster } from "../../../control-plane/server/cluster/index.ts"
import { createVault } from "../../../control-plane/server/credentials/index.ts"
import { newId, randomName, Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase, createNotifications } from "../../../control-plane/server/database/index.ts"
import type { Runtime } from "../../../control-plane/server/runtime/types.ts"
import {
  createEngine,
  createSessions,
  type Engine,
  type Principal,
  type Sessions,
} from "../../../control-plane/server/sessions/index.ts"
import { systemClock } from "../../../control-plane/server/time/index.ts"
import { createTranscripts } from "../../../control-plane/server/transcripts/index.ts"
import { createWorkloads, type Workloads } from "../../../control-plane/server/workloads/index.ts"
import { type ApiServer, startApiServer } from "../apiserver.ts"
import { type TestDatabase, testDatabase } from "../postgres.ts"
import { FakeAgent } from "./fake-agent.ts"
import { FakeKubelet } from "./fake-kubelet.ts"
import { templateConfig } from "./template-config.ts"

const log = pino({ level: process.env["TEST_LOG"] ?? "silent" })

/** One control plane process: its own pool, views, notifications and engine. */
export interface Replica {
  readonly sessions: Sessions
  readonly engine: Engine
  readonly workloads: Workloads
  readonly cluster: Cluster
  /** As `kill -9` would: what is under way comes to nothing, leases are not given back. */
  crash(): Promise<void>
  /** Ends it in good order. */
  stop(): Promise<void>
}

export interface ReplicaOptions {
  readonly maxPerUser?: number
  readonly idleTimeout_s?: number
  readonly startTimeout_s?: number
  readonly wedged_ms?: number
  readonly unfollowed_ms?: number
  readonly step_ms?: number
  readonly repair_ms?: number
  /** Instead of the test's database: the same one by another way. */
  readonly databaseUrl?: Secret
  /** Called before each sweep of the engine. */
  readonly beforeSweep?: () => Promise<void>
  /** In front of the view of the cluster, which may be behind it for as long as a watch hangs. */
  readonly view?: (workloads: Workloads) => Pick<Workloads, "observe" | "observeLive">
  /** Instead of the one that is there. */
  readonly namespace?: string
  /** Instead of the world's one agent. */
  readonly runtime?: Runtime
  /** Keeps what sessions leave behind. */
  readonly bucket?: Bucket
}

export interface World {
  readonly api: ApiServer
  readonly db: TestDatabase
  readonly kubelet: FakeKubelet
  readonly agent: FakeAgent
  user(role?: string): Promise<Principal>
  replica(options?: ReplicaOptions): Promise<Replica>
}

/** A real API server with controllers, a real PostgreSQL, and a node and an agent that do what the test says. */
export function testWorld(): World {
  const parts: Partial<{ api: ApiServer; db: TestDatabase; kubelet: FakeKubelet; config: KubeConfig }> = {}
  const replicas: Replica[] = []
  const agent = new FakeAgent()
  beforeAll(async () => {
    const api = await startApiServer({ controllers: true })
    parts.api = api
    for (const args of [
      ["create", "namespace", "sessions"],
      ["-n", "sessions", "create", "serviceaccount", "berth-session"],
      ["label", "namespace", "sessions", "pod-security.kubernetes.io/enforce=restricted"],
    ]) {
      await api.kubectl(args)
    }
    parts.config = new KubeConfig()
    parts.config.loadFromString(readFileSync(api.kubeconfig, "utf8"))
    parts.kubelet = new FakeKubelet(api)
  })
  const database = testDatabase()
  beforeAll(async () => {
    parts.db = await database
  })
  afterAll(async () => {
    for (const replica of replicas) await replica.stop()
    await parts.api?.stop()
  })
  const given = <K extends keyof typeof parts>(name: K): NonNullable<(typeof parts)[K]> => {
    const value = parts[name]
    if (value === undefined) throw new Error(`${name} is not there yet`)
    return value as NonNullable<(typeof parts)[K]>
  }
  return {
    get api() {
      return given("api")
    },
    get db() {
      return given("db")
    },
    get kubelet() {
      return given("kubelet")
    },
    agent,
    user: (role = "member") => makeUser(given("db"), role),
    async replica(options = {}) {
      const replica = await makeReplica(given("db"), given("config"), options.runtime ?? agent.runtime(), options)
      replicas.push(replica)
      return replica
    },
  }
}

async function makeUser(db: TestDatabase, role: string): Promise<Principal> {
  const userId = newId("usr")
  const email = `${userId}@example.com`
  await db.database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "Test", role })
  return { userId, email, name: "Test", role, method: "password", loginId: null }
}

function timesOf(options: ReplicaOptions) {
  const { wedged_ms = 60_000, unfollowed_ms = 120_000, repair_ms = 600_000, step_ms = 45_000 } = options
  return { wedged_ms, unfollowed_ms, repair_ms, step_ms }
}

async function makeReplica(
  db: TestDatabase,
  kubeConfig: KubeConfig,
  runtime: Runtime,
  options: ReplicaOptions,
): Promise<Replica> {
  const clock = systemClock
  const url = options.databaseUrl ?? db.url
  const database = options.databaseUrl === undefined ? db.openPool(8) : createDatabase({ url, poolMax: 8 })
  const notifications = createNotifications({ url, log, clock })
  const vault = createVault({ keys: [{ id: "test", key: new Secret(Buffer.alloc(32, 7).toString("base64")) }] })
  const { maxPerUser = 0, idleTimeout_s = 0, startTimeout_s = 300 } = options
  const file = templateConfig(
    { maxPerUser, idleTimeout_s, startTimeout_s },
    options.namespace === undefined ? {} : { sessionNamespace: options.namespace },
  )
  const config = { file }
  const cluster = createCluster({ config, log, clock, kubeConfig })
  await cluster.start()
  const workloads = createWorkloads({ config, cluster, database, vault, clock, log })
  const transcripts = createTranscripts({ database, notifications, clock, log })
  const audit = createAudit({ database, log })
  const { bucket } = options
  const writing = { database, clock, log, look_ms: 200, backoff_min_s: 0.2 }
  const artifacts = bucket && createArtifactKeeper({ ...writing, transcripts, bucket })
  artifacts?.start()
  const parts = {
    artifacts,
    database,
    transcripts,
    runtime,
    workloads,
    vault,
    clock,
    notifications,
    config,
    audit,
    log,
    choices: { check: async () => undefined, exposure: async () => ({ profile: null, binding: null, exposed: [] }) },
  }
  const { beforeSweep = async () => undefined } = options
  const sweepOrphans = () => beforeSweep().then(workloads.sweepOrphans)
  const view = options.view?.(workloads)
  const driven = { ...parts, ...timesOf(options), workloads: { ...workloads, ...view, sweepOrphans } }
  const engine = createEngine({ ...driven, replica: `pod${randomName(6)}-${randomName(6)}` })
  const sessions = createSessions({ ...parts, engine })
  engine.start()
  let stopped = false
  return {
    sessions,
    engine,
    workloads,
    cluster,
    async crash() {
      stopped = true
      await artifacts?.stop()
      await Promise.all([database.destroy(), notifications.close(), cluster.stop()])
      await engine.stop()
    },
    async stop() {
      if (stopped) return
      stopped = true
      await engine.stop()
      await artifacts?.stop()
      await notifications.close()
      await cluster.stop()
      if (options.databaseUrl !== undefined) await database.destroy()
    },
  }
}
