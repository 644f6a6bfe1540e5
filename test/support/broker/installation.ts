import { join } from "node:path"
import { parseConfig } from "../../../control-plane/server/config/parse.ts"
import { type BindingInput, type createVault, sealedColumns } from "../../../control-plane/server/credentials/index.ts"
import { newId, randomName } from "../../../control-plane/server/crypto/index.ts"
import type { Database } from "../../../control-plane/server/database/types.ts"
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
  readonly role?: string
  readonly profile?: string
  readonly binding?: BindingInput
  readonly environmentFiles?: string[]
  readonly submodules?: boolean
  readonly depth?: number
  readonly ref?: string
}

/** What every test's configuration has of the broker. */
export const BROKER = {
  url: "https://berth-broker.berth.svc:8081",
  caConfigMap: "berth-broker-ca",
  allowedPrivateHosts: ["127.0.0.1"],
}

/**
 * The broker's configuration, with `directory` for keys and `tls` for its certificate. `changes` are keys of the file,
 * `selectable` the environment files that requests may choose.
 */
export function readConfig(
  directory: string,
  tls: string,
  changes: Record<string, unknown>,
  selectable: readonly string[] = [],
) {
  const file = {
    release: "berth",
    instance: "berth",
    namespace: "berth",
    sessionNamespace: "berth-sessions",
    public: { host: "agents.example.com", pathPrefix: "/" },
    images: { dataPlane: "a:1", dataPlaneInit: "b:1", auth: "c:1" },
    broker: BROKER,
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
    BERTH_ROLE_ENV_DIR: join(directory, "role-env"),
    BERTH_ROLE_ENV_SELECTABLE: selectable.join(","),
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
  await database.raw(
    "INSERT INTO users (id, issuer, subject, email, name, role) VALUES (?, 'test', ?, ?, 'Ada Lovelace', ?)",
    [userId, userId, `${userId}@example.com`, options.role ?? "member"],
  )
  await database("sessions").insert({
    id,
    owner_id: userId,
    title: "A session",
    visibility: "private",
    desired: "running",
    status: "starting",
    repository_url: options.repository ?? null,
    repository_ref: options.ref ?? null,
    repository_depth: options.depth ?? null,
    repository_submodules: options.submodules ?? false,
    profile: options.profile ?? null,
    binding: options.binding === undefined ? null : JSON.stringify(options.binding),
    environment_files: JSON.stringify(options.environmentFiles ?? []),
    environment_sealed: sealed,
  })
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
