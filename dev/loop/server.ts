import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { randomName } from "../../control-plane/server/crypto/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { until } from "../../scripts/lib/wait.ts"
import { startPostgres } from "../../test/support/postgres-server.ts"
import { freePort } from "../../test/support/scratch.ts"
import type { Backend } from "./backend.ts"
import { makeCertificate } from "./certificate.ts"
import { prepareCluster } from "./cluster.ts"
import type { DevOptions } from "./options.ts"

const START_MS_MAX = 60_000
const EMAIL = "admin@berth.local"

/**
 * Starts the server from its sources on 127.0.0.1, with a new PostgreSQL of its own, against the installed cluster.
 * @throws Failure when no cluster was brought up, or the server does not become ready
 */
export async function runServer(options: DevOptions): Promise<Backend> {
  const directory = mkdtempSync(join(tmpdir(), "berth-dev-"))
  const [http, broker, metrics] = [await freePort(), await freePort(), await freePort()]
  const certificate = (address: string) => makeCertificate(directory, address)
  const cluster = await prepareCluster({ directory, brokerPort: broker, certificate })
  const postgres = await startPostgres()
  const url = `http://127.0.0.1:${http}`
  const password = randomName(16)
  const configFile = join(directory, "config.json")
  writeFileSync(configFile, JSON.stringify(cluster.config))
  const program = startProgram(options, {
    DATABASE_URL: await postgres.createDatabase("berth"),
    KUBECONFIG: cluster.kubeconfig,
    BERTH_CONFIG_FILE: configFile,
    BETTER_AUTH_SECRET: randomName(40),
    BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
    BERTH_ADMIN_EMAIL: EMAIL,
    BERTH_ADMIN_PASSWORD: password,
    BERTH_HTTP_LISTEN: `127.0.0.1:${http}`,
    BERTH_BROKER_LISTEN: `0.0.0.0:${broker}`,
    BERTH_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    BERTH_BROKER_TLS_DIR: directory,
    BERTH_MIGRATIONS_DIR: join(repositoryRoot, "control-plane/server/database/migrations"),
    ...cluster.environment,
  })
  const stop = async () => {
    await ended(program)
    await cluster.remove()
    await postgres.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await until("the server's start", async () => (await fetch(`${url}/api/ready`)).ok, { timeout_ms: START_MS_MAX })
  } catch (error) {
    await stop()
    throw error
  }
  return { url, email: EMAIL, password, stop }
}

/** Node restarts the program when one of the files that it has loaded changes. */
function startProgram({ inspect }: DevOptions, env: Record<string, string>): ChildProcess {
  const main = join(repositoryRoot, "control-plane/server/main.ts")
  const debug = inspect === null ? [] : [`--inspect=127.0.0.1:${inspect}`]
  return spawn(process.execPath, ["--watch", "--watch-preserve-output", ...debug, main], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "inherit", "inherit"],
  })
}

async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return
  program.kill("SIGTERM")
  await once(program, "exit")
}
