import { createArtifacts } from "./artifacts/index.ts"
import { createAudit, createSealer, deriveAuditKeys, verifyAudit } from "./audit/index.ts"
import { createBroker, createProbe } from "./broker/index.ts"
import { createCluster } from "./cluster/index.ts"
import { type Config, ConfigError, EXIT_CONFIG, loadConfig } from "./config/index.ts"
import {
  agentFaults,
  checkVault,
  createCredentials,
  createVault,
  environmentFileFaults,
  profileFaults,
  providerFaults,
} from "./credentials/index.ts"
import { randomName } from "./crypto/index.ts"
import { createDatabase, createNotifications, migrate, ping, waitForDatabase } from "./database/index.ts"
import { createHttp } from "./http/index.ts"
import { apiKeyFaults, createIdentity, resetAdministrator } from "./identity/index.ts"
import {
  createEngineFigures,
  createHealth,
  createLogger,
  createMetrics,
  createMetricsListener,
  createRequestContext,
  type Logger,
} from "./observability/index.ts"
import { createRuntime } from "./runtime/index.ts"
import { createEngine, createSessions } from "./sessions/index.ts"
import { systemClock } from "./time/index.ts"
import { createTranscripts, roomOf } from "./transcripts/index.ts"
import { createWorkloads, sessionPodFaults } from "./workloads/index.ts"

const POOL_MAX = 20
/**
 * A quiet watch shows a sign of life about once a minute and is made anew after 90 s without one; a view that is still
 * older than this is not to be trusted.
 */
const CLUSTER_AGE_MS_MAX = 150_000
/** An installation starts both at once; the startup probe allows five minutes. */
const DATABASE_WAIT_MS_MAX = 4 * 60_000
/** Kubernetes kills after 30 s by default. */
const STOP_MS_MAX = 25_000

type Release = () => Promise<void>

/** Builds everything in order and starts it. Whatever has been opened is on `opened` by then, newest last. */
async function start(config: Config, log: Logger, opened: Release[]): Promise<void> {
  const clock = systemClock
  const metrics = createMetrics()
  const { url } = config.database

  const database = createDatabase({ url, poolMax: POOL_MAX })
  opened.push(() => database.destroy())
  await waitForDatabase(database, { clock, log, limit_ms: DATABASE_WAIT_MS_MAX })
  await migrate(database, config.directories.migrations)
  const notifications = createNotifications({ url, log, clock })
  opened.push(() => notifications.close())
  const context = createRequestContext()
  const audit = createAudit({ database, log, context })

  const cluster = createCluster({ config, log, clock })
  const health = createHealth({
    database: () => ping(database),
    cluster: async () => {
      const age_ms = Math.max(...[cluster.pods, cluster.statefulSets, cluster.claims].map((view) => view.age_ms()))
      if (!(age_ms <= CLUSTER_AGE_MS_MAX)) throw new Error(`the cluster was last heard of ${age_ms} ms ago`)
    },
  })
  const metricsListener = createMetricsListener({ listen: config.listen.metrics, metrics, health, log })
  await metricsListener.listen()
  opened.push(() => metricsListener.close())
  opened.push(() => cluster.stop())
  await cluster.start()

  const vault = createVault({ keys: config.encryptionKeys })
  await checkVault({ database, vault })
  const { retention_days } = config.file.audit
  const keys = deriveAuditKeys(config.encryptionKeys)
  const sealer = createSealer({ database, keys, clock, log, retention_days })
  sealer.start()
  opened.push(() => sealer.stop())
  const probe = createProbe({ allowedPrivateHosts: config.file.broker.allowedPrivateHosts ?? [] })
  const credentials = createCredentials({ config, database, vault, audit, log, clock, probe, fetch, notifications })
  await credentials.prepareProviders()
  const workloads = createWorkloads({ config, cluster, database, vault, clock, log })
  const room = roomOf(config.file.sessions)
  const transcripts = createTranscripts({ database, notifications, clock, log, room })
  const runtime = createRuntime({ clock, log })
  const { choices, providers, injector, profiles, environmentFiles, accountAccess: accounts } = credentials
  const shared = { config, database, vault, log, clock, audit }
  const artifacts = createArtifacts({ ...shared, transcripts, metrics })
  artifacts?.start()
  opened.push(async () => artifacts?.stop())
  const features = { ...shared, transcripts, runtime, workloads, artifacts, notifications, choices }
  const figures = createEngineFigures(metrics, () => engine.stats().driven)
  const replica = `${config.replica.name}-${randomName(6)}`
  const engine = createEngine({ ...features, replica, started: figures.started })
  const sessions = createSessions({ ...features, engine })

  const parts = { providers, injector, profiles, environmentFiles, accounts, transcripts }
  const broker = createBroker({ ...shared, ...parts, cluster, metrics })
  await broker.listen()
  const identity = createIdentity({ config, database, audit, log, clock, vault })
  await identity.start()
  const served = { identity, sessions, credentials, audit, health, context }
  const http = await createHttp({ ...served, config, database, clock, log, metrics })
  await http.listen()
  // Both at once: each may take 20 s to let its streams end.
  opened.push(async () => void (await Promise.all([http.close(), broker.close()])))
  // Last, so that it stops first: a replica that drains must not take up a session with yesterday's settings, and the
  // sessions it drives go to another one while its own streams still end.
  engine.start()
  opened.push(() => engine.stop())
}

/** Undoes in reverse what was opened; one failure does not keep the others from closing. */
async function stop(opened: Release[], log: Logger): Promise<void> {
  for (const release of opened.splice(0).reverse()) {
    await release().catch((error: unknown) => log.error({ err: error }, "could not close a part cleanly"))
  }
}

/** Before an installation or upgrade the Secrets, and with them the environment files, may not be there yet. */
function readConfiguration({ preflight = false } = {}): Config {
  try {
    const config = loadConfig({ secretsToCome: preflight })
    const faults = [
      ...providerFaults(config.file.providers ?? {}),
      ...agentFaults(config.file.agent ?? {}),
      ...profileFaults(config.file),
      ...(preflight ? [] : environmentFileFaults(config)),
      ...apiKeyFaults(config.apiKeys),
      ...sessionPodFaults(config.file),
    ]
    if (faults.length > 0) throw new ConfigError(faults)
    return config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(error.message)
    process.exit(EXIT_CONFIG)
  }
}

/** Proves the audit log's chain and says what it found; status 1 when something is not as it was sealed. */
async function reportAudit(config: Config): Promise<void> {
  const database = createDatabase({ url: config.database.url, poolMax: 1 })
  try {
    const found = await verifyAudit({ database, keys: deriveAuditKeys(config.encryptionKeys) })
    for (const fault of found.faults) console.error(fault)
    const { checkpoints, events, removed, faults } = found
    console.log(`${checkpoints} checkpoints, ${events} events, ${removed} past retention, ${faults.length} faults`)
    if (faults.length > 0) process.exitCode = 1
  } finally {
    await database.destroy()
  }
}

/** `--reset-administrator <e-mail address>`: the way back in for who may run commands in this pod. */
async function giveBackAdministration(config: Config, email: string): Promise<void> {
  const database = createDatabase({ url: config.database.url, poolMax: 1 })
  const log = createLogger({ level: "warn", replica: config.replica.name })
  try {
    const audit = createAudit({ database, log })
    const { oneTimePassword, made } = await resetAdministrator({ database, audit, clock: systemClock, email })
    console.log(`${email} is an administrator${made ? " (new account)" : ""}. One-time password: ${oneTimePassword}`)
    if (!config.file.passwordAuth.enabled) console.error("It works once passwordAuth.enabled is true.")
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  } finally {
    await database.destroy()
  }
}

async function main(): Promise<void> {
  const preflight = process.argv.includes("--preflight")
  const config = readConfiguration({ preflight })
  if (preflight || process.argv.includes("--check-config")) {
    console.log("The configuration is sound.")
    return
  }
  if (process.argv.includes("--verify-audit")) return await reportAudit(config)
  const reset = process.argv.indexOf("--reset-administrator")
  if (reset > 0) return await giveBackAdministration(config, process.argv[reset + 1] ?? "")
  const log = createLogger({ level: config.logLevel, replica: config.replica.name })
  const crash = (error: unknown) => {
    log.fatal({ err: error }, "unexpected error, giving up")
    process.exit(1)
  }
  process.on("uncaughtException", crash)
  process.on("unhandledRejection", crash)

  const opened: Release[] = []
  let stopping = false
  const drain = (signal: NodeJS.Signals) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, "stopping")
    setTimeout(() => {
      log.warn("not everything closed in time")
      process.exit(1)
    }, STOP_MS_MAX).unref()
    void stop(opened, log).then(() => {
      log.info("stopped")
      process.exit(0)
    })
  }
  process.on("SIGTERM", drain)
  process.on("SIGINT", drain)
  await start(config, log, opened).catch(crash)
  log.info({ http: config.listen.http, broker: config.listen.broker, metrics: config.listen.metrics }, "ready")
}

await main()
