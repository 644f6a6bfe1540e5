import { execFile } from "node:child_process"
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { createPki } from "../../../test/support/pki.ts"
import { startPostgres } from "../../../test/support/postgres-server.ts"
import { parseDatabase } from "../config/database.ts"
import { type ConfigError, Faults } from "../config/faults.ts"
import { connectionSettings, explainConnection } from "./connection.ts"

const run = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), "berth-addresses-"))
const postgres = await startPostgres()
const pki = await createPki(join(directory, "pki"))
const strangers = await createPki(join(directory, "strangers"))
const CA = pki.authority.certFile
const STRANGER = strangers.authority.certFile
const PASSWORD = "canary@:/#?%& w"
const encoded = encodeURIComponent(PASSWORD)
const { port, socketDirectory } = postgres
const socket = encodeURIComponent(socketDirectory)
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true })
})

/** `secure` takes TLS only, `plain` takes both, and the user `odd` needs a password. */
beforeAll(async () => {
  const query = async (text: string) => {
    const client = new pg.Client({ host: postgres.host, port, user: "postgres", database: "postgres" })
    await client.connect()
    const { rows } = await client.query(text)
    await client.end()
    return rows
  }
  const [{ data_directory: data }] = await query("SHOW data_directory")
  const { uid, gid } = statSync(data)
  for (const [from, to] of [
    [pki.server.certFile, "server.crt"],
    [pki.server.keyFile, "server.key"],
  ] as const) {
    copyFileSync(from, join(data, to))
    chownSync(join(data, to), uid, gid)
    chmodSync(join(data, to), 0o600)
  }
  writeFileSync(
    join(data, "pg_hba.conf"),
    [
      "local all all trust",
      "hostssl secure all 127.0.0.1/32 trust",
      "hostnossl secure all 127.0.0.1/32 reject",
      "host all odd 127.0.0.1/32 scram-sha-256",
      "host all all 127.0.0.1/32 trust",
    ].join("\n"),
  )
  await query("CREATE DATABASE secure")
  await query("CREATE DATABASE plain")
  await query(`CREATE ROLE odd LOGIN PASSWORD '${PASSWORD}'`)
  await query("ALTER SYSTEM SET ssl = on")
  await query("SELECT pg_reload_conf()")
  await vi.waitFor(async () => expect((await query("SHOW ssl"))[0].ssl).toBe("on"))
})

type Env = Readonly<Record<string, string>>
const url = (DATABASE_URL: string, more: Env = {}): Env => ({ DATABASE_URL, ...more })
const at = `127.0.0.1:${port}`
const parts = { PGHOST: "127.0.0.1", PGPORT: String(port), PGUSER: "postgres", PGDATABASE: "plain" }
const secure = { ...parts, PGDATABASE: "secure" }

/** Both connect, both are turned away by the server or its certificate, or Berth refuses at the start with these words. */
const TABLE: readonly (readonly [what: string, env: Env, outcome: "connects" | "fails" | RegExp])[] = [
  ["an address", url(`postgres://postgres@${at}/plain`), "connects"],
  ["the long scheme", url(`postgresql://postgres@${at}/plain`), "connects"],
  ["a host by name", url(`postgres://postgres@localhost:${port}/plain`), "connects"],
  ["no such database", url(`postgres://postgres@${at}/none`), "fails"],
  ["a password with every odd character", url(`postgres://odd:${encoded}@${at}/plain`), "connects"],
  ["a wrong password", url(`postgres://odd:wrong@${at}/plain`), "fails"],
  ["a password in the parameters", url(`postgres://${at}/plain?user=odd&password=${encoded}`), "connects"],
  ["host and port in the parameters", url(`postgres:///plain?host=127.0.0.1&port=${port}&user=postgres`), "connects"],
  ["a unix socket in the parameters", url(`postgres://postgres@/plain?host=${socket}&port=${port}`), "connects"],
  ["a unix socket as the host", url(`postgres://postgres@${socket}:${port}/plain`), "connects"],
  ["a search path", url(`postgres://postgres@${at}/plain?options=-c%20search_path%3Dpublic`), "connects"],
  ["a wrong setting", url(`postgres://postgres@${at}/plain?options=-c%20no_such_thing%3D1`), "fails"],
  ["an application name", url(`postgres://postgres@${at}/plain?application_name=x&connect_timeout=5`), "connects"],
  ["channel binding", url(`postgres://odd:${encoded}@${at}/plain?channel_binding=prefer`), "connects"],
  ["the database only, the rest from the environment", url("postgres:///plain", parts), "connects"],
  ["a password from the environment", url(`postgres://odd@${at}/plain`, { PGPASSWORD: PASSWORD }), "connects"],
  ["nothing said about TLS where it is needed", url(`postgres://postgres@${at}/secure`), "connects"],
  ...(["disable", "allow", "prefer", "require"] as const).map(
    (mode) => [`plain with ${mode}`, url(`postgres://postgres@${at}/plain?sslmode=${mode}`), "connects"] as const,
  ),
  ["TLS needed with disable", url(`postgres://postgres@${at}/secure?sslmode=disable`), "fails"],
  ["TLS needed with allow", url(`postgres://postgres@${at}/secure?sslmode=allow`), "connects"],
  ["TLS needed with prefer", url(`postgres://postgres@${at}/secure?sslmode=prefer`), "connects"],
  ["require with a private authority", url(`postgres://postgres@${at}/secure?sslmode=require`), "connects"],
  [
    "require with the right root",
    url(`postgres://postgres@${at}/secure?sslmode=require&sslrootcert=${CA}`),
    "connects",
  ],
  [
    "require with another root",
    url(`postgres://postgres@${at}/secure?sslmode=require&sslrootcert=${STRANGER}`),
    "fails",
  ],
  ["verify-ca", url(`postgres://postgres@${at}/secure?sslmode=verify-ca&sslrootcert=${CA}`), "connects"],
  [
    "verify-ca, another root",
    url(`postgres://postgres@${at}/secure?sslmode=verify-ca&sslrootcert=${STRANGER}`),
    "fails",
  ],
  ["verify-full", url(`postgres://postgres@${at}/secure?sslmode=verify-full&sslrootcert=${CA}`), "connects"],
  [
    "verify-full by name",
    url(`postgres://postgres@localhost:${port}/secure?sslmode=verify-full&sslrootcert=${CA}`),
    "connects",
  ],
  [
    "verify-full, another root",
    url(`postgres://postgres@${at}/secure?sslmode=verify-full&sslrootcert=${STRANGER}`),
    "fails",
  ],
  ["parts", parts, "connects"],
  ["parts with a password", { ...parts, PGUSER: "odd", PGPASSWORD: PASSWORD }, "connects"],
  ["parts with a socket", { ...parts, PGHOST: socketDirectory }, "connects"],
  ["parts where TLS is needed", secure, "connects"],
  ["parts with require", { ...secure, PGSSLMODE: "require" }, "connects"],
  ["parts with require and the right root", { ...secure, PGSSLMODE: "require", PGSSLROOTCERT: CA }, "connects"],
  ["parts with require and another root", { ...secure, PGSSLMODE: "require", PGSSLROOTCERT: STRANGER }, "fails"],
  ["parts with verify-full", { ...secure, PGSSLMODE: "verify-full", PGSSLROOTCERT: CA }, "connects"],
  ["parts with disable", { ...secure, PGSSLMODE: "disable" }, "fails"],
  [
    "an address with TLS from the environment",
    url(`postgres://postgres@${at}/secure`, { PGSSLMODE: "verify-ca", PGSSLROOTCERT: STRANGER }),
    "fails",
  ],
  [
    "an address whose own mode counts",
    url(`postgres://postgres@${at}/secure?sslmode=require`, { PGSSLMODE: "disable" }),
    "connects",
  ],
  // What would be misunderstood.
  ["several hosts", url(`postgres://u:ZqxXqz@h1:5432,h2:5432/db?target_session_attrs=read-write`), /several hosts/],
  ["several hosts in the parameters", url("postgres://u:ZqxXqz@/db?host=h1,h2"), /several hosts/],
  ["several hosts as parts", { ...parts, PGHOST: "h1,h2" }, /several hosts/],
  ["key=value", url("host=h user=u password=ZqxXqz dbname=db"), /key=value.+PGHOST/],
  ["JDBC", url("jdbc:postgresql://h/db?user=u&password=ZqxXqz"), /JDBC/],
  ["another scheme", url("mysql://u:ZqxXqz@h/db"), /must be an address like postgres:/],
  ["no scheme", url("u:ZqxXqz@h/db"), /must be an address like postgres:/],
  ["an @ in a password", url("postgres://u:Zqx@Xqz@h/db"), /percent-encoded/],
  ["a / in a password", url("postgres://u:Zqx/Xqz@h/db"), /percent-encoded/],
  ["a ? in a password", url("postgres://u:Zqx?Xqz@h/db"), /percent-encoded/],
  ["a % in a password", url("postgres://u:Zqx%Xqz@h/db"), /percent-encoded/],
  ["a port that is none", url("postgres://u:ZqxXqz@h:port/db"), /port/],
  ["an unknown sslmode", url("postgres://u:ZqxXqz@h/db?sslmode=strict"), /sslmode.+verify-full/],
  [
    "a root that is not there",
    url("postgres://u:ZqxXqz@h/db?sslmode=verify-ca&sslrootcert=/none"),
    /sslrootcert.+mount/,
  ],
  ["no host", url("postgres:///db"), /names no host/],
  ["an unknown PGSSLMODE", { ...parts, PGSSLMODE: "strict" }, /PGSSLMODE/],
  ["a root of PGSSLROOTCERT that is not there", { ...parts, PGSSLROOTCERT: "/none" }, /PGSSLROOTCERT.+mount/],
  ["a port of PGPORT that is none", { ...parts, PGPORT: "x" }, /PGPORT/],
  ["a service", { ...parts, PGSERVICE: "x" }, /PGSERVICE.+PGHOST/],
]

/** Whether psql connects with the same settings. */
async function psql({ DATABASE_URL, ...env }: Env): Promise<boolean> {
  const arguments_ = ["-w", "-X", "-c", "SELECT 1", ...(DATABASE_URL === undefined ? [] : ["-d", DATABASE_URL])]
  const shell = { PATH: process.env["PATH"], HOME: directory, PGCONNECT_TIMEOUT: "5", ...env }
  return await run("psql", arguments_, { env: shell }).then(
    () => true,
    () => false,
  )
}

async function berth(env: Env): Promise<{ faults: readonly string[]; connects: boolean }> {
  const faults = new Faults()
  const readFile = (path: string) => ([CA, STRANGER].includes(path) ? "there" : undefined)
  const address = parseDatabase((name) => env[name], readFile, faults)
  try {
    faults.throwIfAny()
  } catch (error) {
    return { faults: (error as ConfigError).faults, connects: false }
  }
  const client = new pg.Client(await connectionSettings(address, "test"))
  try {
    await client.connect()
    await client.query("SELECT 1")
    return { faults: [], connects: true }
  } catch (error) {
    expect(String(explainConnection(error))).not.toContain("canary")
    return { faults: [], connects: false }
  } finally {
    await client.end().catch(() => undefined)
  }
}

test("there are enough rows", () => expect(TABLE.length).toBeGreaterThanOrEqual(60))

test.each(TABLE)("%s", async (_, env, outcome) => {
  const { faults, connects } = await berth(env)
  if (outcome instanceof RegExp) {
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(outcome)
    expect(faults[0]).toMatch(/DATABASE_URL|PG[A-Z]+/)
    // Never a value, and no part of a password.
    expect(faults[0]).not.toMatch(/Zqx|Xqz|h1/)
    return
  }
  expect(faults).toEqual([])
  expect({ berth: connects, psql: await psql(env) }).toEqual({
    berth: outcome === "connects",
    psql: outcome === "connects",
  })
})

test("a certificate that is not trusted is told with the ways out", async () => {
  const env = url(`postgres://postgres@${at}/secure?sslmode=verify-full`)
  const client = new pg.Client(
    await connectionSettings(
      parseDatabase(
        (name) => env[name],
        () => "",
        new Faults(),
      ),
      "x",
    ),
  )
  const error = await client.connect().catch((reason: unknown) => reason)
  expect(String(explainConnection(error))).toMatch(/certificate.+sslrootcert.+PGSSLROOTCERT.+NODE_EXTRA_CA_CERTS/)
})
