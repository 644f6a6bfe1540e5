import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll } from "vitest"
import type { Audit, AuditEvent } from "../../../control-plane/server/audit/types.ts"
import { createBroker, createProbe } from "../../../control-plane/server/broker/index.ts"
import type { Cluster } from "../../../control-plane/server/cluster/types.ts"
import type { AccountProvider } from "../../../control-plane/server/credentials/accounts/provider.ts"
import {
  type AwsIdentity,
  createAccountAccess,
  createEnvironmentFiles,
  createLinkedAccounts,
  createProfiles,
  createProviderAdmin,
  createProviders,
  createStoredProviders,
  createVault,
  type LinkedAccounts,
  type ProviderAdmin,
  type Vault,
} from "../../../control-plane/server/credentials/index.ts"
import type { Notifications } from "../../../control-plane/server/database/index.ts"
import { createLogger, createMetrics, type Logger } from "../../../control-plane/server/observability/index.ts"
import { systemClock } from "../../../control-plane/server/time/index.ts"
import type { Change } from "../../../control-plane/server/transcripts/index.ts"
import { createPki } from "../pki.ts"
import { type TestDatabase, testDatabase } from "../postgres.ts"
import { removeScratch, scratchDirectory } from "../scratch.ts"
import { addSession, readConfig, type SessionOptions, type TestSession } from "./installation.ts"
import { createStandInCluster, type StandInCluster } from "./stand-in-cluster.ts"

export interface Harness {
  readonly url: string
  readonly caFile: string
  readonly directory: string
  readonly cluster: StandInCluster
  readonly database: TestDatabase["database"]
  readonly vault: Vault
  readonly audit: Audit
  readonly log: Logger
  readonly audited: AuditEvent[]
  readonly logged: string[]
  readonly admin: ProviderAdmin
  readonly accounts: LinkedAccounts
  /** What watchers of sessions were told. */
  readonly published: { id: string; change: Change }[]
  /** As after a git host has told that its app was let in somewhere, or out. */
  forgetInstallations(): void
  addSession(options?: SessionOptions): Promise<TestSession>
}

interface HarnessOptions {
  readonly file?: Record<string, unknown>
  readonly providerKeys?: Record<string, string>
  readonly accountProviders?: readonly AccountProvider[]
  readonly awsIdentity?: AwsIdentity
  /** Files of `<directory>/role-env` that exist at the start, and those of them that requests may choose. */
  readonly environmentFiles?: { files: Record<string, string>; selectable: string[] }
}

/** A real broker on 127.0.0.1 over TLS and PostgreSQL, in front of a stand-in for the cluster. */
export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const { directory, tls, caFile } = await makeDirectory(options)
  const config = readConfig(directory, tls, options.file ?? {}, options.environmentFiles?.selectable)
  const { database } = await testDatabase()
  const cluster = createStandInCluster()
  const vault = createVault({ keys: config.encryptionKeys })
  const audited: AuditEvent[] = []
  const logged: string[] = []
  const log = createLogger({
    level: "debug",
    replica: "test",
    destination: { write: (line) => void logged.push(line) },
  })
  const providers = createProviders({ config, stored: createStoredProviders({ database, vault, log }) })
  const audit = { record: async (event: AuditEvent) => void audited.push(event) }
  const probe = createProbe({ allowedPrivateHosts: ["127.0.0.1"] })
  const published: Harness["published"] = []
  const { notifications, forgetInstallations } = createNews()
  const accountParts = { database, vault, log, providers: options.accountProviders ?? [] }
  const identity = options.awsIdentity ?? (() => Promise.reject(new Error("this machine has no identity")))
  const injector = { identity, now: () => systemClock.now() }
  const broker = createBroker({
    injector,
    accounts: createAccountAccess({ ...accountParts, clock: systemClock, notifications }),
    transcripts: { publish: async (id, change) => void published.push({ id, change }) },
    config,
    cluster: cluster as unknown as Cluster,
    database,
    providers,
    profiles: createProfiles({ config }),
    environmentFiles: createEnvironmentFiles({ config, log }),
    vault,
    clock: systemClock,
    log,
    metrics: createMetrics({ runtimeFigures: false }),
    audit,
  })
  const { port } = await broker.listen()
  afterAll(async () => {
    await broker.close()
    removeScratch(directory)
  })
  return {
    url: `https://127.0.0.1:${port}`,
    caFile,
    directory,
    cluster,
    database,
    vault,
    audit,
    log,
    audited,
    logged,
    published,
    forgetInstallations,
    accounts: createLinkedAccounts({ ...accountParts, audit, redirectUri: (id) => `https://agents.example.com/${id}` }),
    admin: createProviderAdmin({ config, database, vault, audit, providers, probe, injector }),
    addSession: (session = {}) => addSession({ database, cluster, vault }, session),
  }
}

/** What is mounted into a control plane, as directories. */
async function makeDirectory({ providerKeys = {}, environmentFiles }: HarnessOptions) {
  const directory = scratchDirectory("broker")
  const pki = await createPki(join(directory, "pki"))
  const tls = join(directory, "tls")
  for (const path of [tls, ...["keys", "git-credentials", "role-env"].map((name) => join(directory, name))]) {
    mkdirSync(path)
  }
  copyFileSync(pki.server.certFile, join(tls, "tls.crt"))
  copyFileSync(pki.server.keyFile, join(tls, "tls.key"))
  for (const [name, text] of Object.entries(environmentFiles?.files ?? {})) {
    writeFileSync(join(directory, "role-env", name), text)
  }
  for (const [id, key] of Object.entries(providerKeys)) writeFileSync(join(directory, "keys", id), key)
  return { directory, tls, caFile: pki.authority.certFile }
}

function createNews() {
  const listeners: ((payload: string | null) => void)[] = []
  const notifications: Notifications = {
    subscribe: (_channel, listener) => {
      listeners.push(listener)
      return () => undefined
    },
    close: async () => undefined,
  }
  return {
    notifications,
    forgetInstallations: () => {
      for (const listener of listeners) listener(null)
    },
  }
}
