import { join } from "node:path"
import { parseConfig } from "../../config/parse.ts"
import { type createVault, sealedColumns } from "../../credentials/index.ts"
import { newId, randomName } from "../../crypto/index.ts"
import type { Database } from "../../database/types.ts"
import type { StandInCluster } from "./stand-in-cluster.ts"

/** A session with its workload and its pod, whose container runs on this machine. */
export interface TestSession {
  readonly id: string
  readonly userId: string
  readonly workload: string
  readonly pod: { name: string; uid: string }
  token(): Promise<string>
}

export interface SessionOptions {
  readonly repository?: string
  readonly environment?: Record<string, string>
  readonly podAddress?: string
  readonly bound?: boolean
}

/** The broker's configuration, with `directory` for keys and `tls` for its certificate. `changes` are keys of the file. */
export function readConfig(directory: string, tls: string, changes: Record<string, unknown>) {
  const file = {
    release: "berth",
    instance: "berth",
    namespace: "berth",
    sessionNamespace: "berth-sessions",
    public: { host: "agents.example.com", pathPrefix: "/" },
    images: { dataPlane: "a:1", dataPlaneInit: "b:1", auth: "c:1" },
    broker: {
      url: "https://berth-broker.berth.svc:8081",
      caConfigMap: "berth-broker-ca",
      allowedPrivateHosts: ["127.0.0.1"],
    },
    sessions: { serviceAccountName: "berth-session" },
    sessionVolume: { storageSize: "2Gi" },
    ...changes,
  }
  const env = {
    DATABASE_URL: "postgres://unused",
    BETTER_AUTH_SECRET: "0123456789abcdefghijklmnopqrstuvwxyz",
    BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
    BERTH_BROKER_LISTEN: "127.0.0.1:0",
    BERTH_BROKER_TLS_DIR: tls,
    BERTH_PROVIDER_KEYS_DIR: join(directory, "keys"),
    BERTH_GIT_CREDENTIALS_DIR: join(directory, "git-credentials"),
  }
  return parseConfig(env, () => JSON.stringify(file))
}

/** A session that is bound to a workload whose pod is there. */
export async function addSession(
  parts: { database: Database; cluster: StandInCluster; vault: ReturnType<typeof createVault> },
  options: SessionOptions,
): Promise<TestSession> {
  const { database, cluster, vault } = parts
  const [userId, id, workload] = [newId("usr"), newId("ses"), randomName(10)]
  const name = `berth-s-${workload}`
  const pod = { name: `${name}-0`, uid: `uid-${workload}` }
  const sealed =
    options.environment === undefined
      ? null
      : vault.seal(JSON.stringify(options.environment), sealedColumns.sessionEnvironment(id, userId))
  await database.raw("INSERT INTO users (id, issuer, subject, email, name) VALUES (?, 'test', ?, ?, 'Ada Lovelace')", [
    userId,
    userId,
    `${userId}@example.com`,
  ])
  await database.raw(
    `INSERT INTO sessions (id, owner_id, title, visibility, desired, status, repository_url, environment_sealed)
     VALUES (?, ?, 'A session', 'private', 'running', 'starting', ?, ?)`,
    [id, userId, options.repository ?? null, sealed],
  )
  await database.raw("INSERT INTO workloads (id, session_id, name, password_sealed) VALUES (?, ?, ?, ?)", [
    workload,
    options.bound === false ? null : id,
    name,
    vault.seal("password", sealedColumns.workloadPassword(workload)),
  ])
  cluster.addPod({
    metadata: { ...pod, labels: { "berth.dev/release": "berth", "berth.dev/workload": workload } },
    status: { phase: "Running", podIPs: [{ ip: options.podAddress ?? "127.0.0.1" }] },
  })
  return { id, userId, workload, pod, token: () => cluster.signToken({ pod }) }
}
