import { execFile } from "node:child_process"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"
import { ensureDebianPackages } from "../../dev/tools/index.ts"
import { createRun } from "../../scripts/lib/run.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Guarded, startGuarded } from "./guarded.ts"
import { freePort, removeScratch, scratchDirectory } from "./scratch.ts"

const run = promisify(execFile)
const user = "postgres"
const binariesRoot = "/usr/lib/postgresql"
const connections_max = 200

export interface Postgres {
  /** Where the server listens: 127.0.0.1 only, everyone is trusted. */
  readonly host: string
  readonly port: number
  /** Directory of the server's unix socket. */
  readonly socketDirectory: string
  /** Connection string of a database of that name. */
  urlOf(database: string): string
  /** The same as PGHOST, PGPORT, PGUSER and PGDATABASE. */
  envOf(database: string): Record<string, string>
  /** Makes an empty database, or a copy of `template`; answers its connection string. */
  createDatabase(name: string, template?: string): Promise<string>
  stop(): Promise<void>
}

/**
 * Starts a throw-away PostgreSQL server with its data in a temporary directory and without fsync.
 * It ends with this process at the latest. Installs Debian's package when there is none.
 */
export async function startPostgres(): Promise<Postgres> {
  const binaries = await findBinaries()
  const directory = scratchDirectory("postgres")
  const data = join(directory, "data")
  const sockets = join(directory, "socket")
  for (const path of [data, sockets]) {
    mkdirSync(path, { mode: 0o700 })
    if (process.getuid?.() === 0) await run("chown", [user, path])
  }
  await asUser(join(binaries, "initdb"), [
    ...["--pgdata", data, "--username", user, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"],
    "--no-sync",
  ])
  const port = await freePort()
  const server = startGuarded({
    command: join(binaries, "postgres"),
    args: ["-D", data, "-k", sockets, "-h", "127.0.0.1", "-p", String(port), ...settings()],
    logFile: join(directory, "log"),
    user,
    endSignal: "INT",
  })
  const postgres = handle(server, port, sockets, directory)
  try {
    await ready(server, postgres.urlOf("postgres"))
  } catch (error) {
    await postgres.stop()
    throw error
  }
  return postgres
}

function settings(): string[] {
  const values = {
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off",
    autovacuum: "off",
    max_connections: connections_max,
    shared_buffers: "32MB",
    max_wal_size: "256MB",
    wal_level: "minimal",
    max_wal_senders: 0,
  }
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`])
}

function handle(server: Guarded, port: number, sockets: string, directory: string): Postgres {
  const host = "127.0.0.1"
  const urlOf = (database: string) => `postgresql://${user}@${host}:${port}/${database}`
  return {
    host,
    port,
    socketDirectory: sockets,
    urlOf,
    envOf: (database) => ({ PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: database }),
    createDatabase: (name, template) => createDatabase(urlOf, name, template),
    stop: async () => {
      await server.stop()
      removeScratch(directory)
    },
  }
}

async function ready(server: Guarded, url: string): Promise<void> {
  await until(
    "the throw-away PostgreSQL answering",
    async () => {
      if (server.hasExited()) return "exited"
      return await query(url, "SELECT 1").then(() => "ready")
    },
    { timeout_ms: 120_000, every_ms: 50 },
  ).catch((error: unknown) => {
    throw new Error(`PostgreSQL did not start:\n${server.lastLines()}`, { cause: error })
  })
  if (server.hasExited()) throw new Error(`PostgreSQL did not start:\n${server.lastLines()}`)
}

/**
 * Makes a database on a server of {@link startPostgres}.
 * @param urlOf connection string of a database by its name
 */
export async function createDatabase(
  urlOf: (database: string) => string,
  name: string,
  template = "template0",
): Promise<string> {
  const quoted = [name, template].map((part) => pg.escapeIdentifier(part))
  await query(urlOf("postgres"), `CREATE DATABASE ${quoted[0]} TEMPLATE ${quoted[1]}`)
  return urlOf(name)
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 30_000 })
  // A server that goes away in the middle is told by the query's own error.
  client.on("error", () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end().catch(() => {})
  }
}

/** Runs a PostgreSQL program as a user it accepts: it refuses to be root. */
async function asUser(command: string, args: string[]): Promise<void> {
  if (process.getuid?.() === 0) {
    await run("setpriv", ["--reuid", user, "--regid", user, "--init-groups", "--", command, ...args], { cwd: "/" })
  } else {
    await run(command, args)
  }
}

/** The directory of the newest PostgreSQL on this machine. */
async function findBinaries(): Promise<string> {
  const found = newestBinaries()
  if (found !== undefined) return found
  await ensureDebianPackages(["postgresql"], {
    run: createRun((text) => process.stderr.write(text)),
    say: (text) => process.stderr.write(`${text}\n`),
  })
  const installed = newestBinaries()
  if (installed === undefined) throw new Error(`no PostgreSQL below ${binariesRoot}, even after installing its package`)
  return installed
}

function newestBinaries(): string | undefined {
  if (!existsSync(binariesRoot)) return undefined
  return readdirSync(binariesRoot)
    .toSorted((one, other) => Number(other) - Number(one))
    .map((version) => join(binariesRoot, version, "bin"))
    .find((directory) => existsSync(join(directory, "postgres")))
}
