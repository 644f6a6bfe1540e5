import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test, vi } from "vitest"
import { startApiServer } from "../../test/support/apiserver.ts"
import { createPki } from "../../test/support/pki.ts"
import { testDatabase } from "../../test/support/postgres.ts"
import { freePort } from "../../test/support/scratch.ts"
import { EXIT_CONFIG } from "./config/index.ts"

const directory = mkdtempSync(join(tmpdir(), "berth-main-"))
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL")
  rmSync(directory, { recursive: true })
})

/** Starts the program as a container would; collects what it says. */
function start(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], { env })
  children.push(child)
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk) => {
      said += chunk
    })
  }
  const ended = once(child, "exit").then(([code]) => code as number | null)
  return { child, said: () => said, ended }
}

function writeConfig(): string {
  const path = join(directory, "config.json")
  const file = {
    release: "berth",
    instance: "berth",
    namespace: "default",
    sessionNamespace: "default",
    public: { host: "127.0.0.1", pathPrefix: "/", tls: false },
    images: { dataPlane: "a:1", dataPlaneInit: "b:1", auth: "c:1" },
    broker: { url: "https://berth-broker.berth.svc:8081", caConfigMap: "berth-broker-ca" },
    sessions: { serviceAccountName: "berth-session" },
    sessionVolume: { storageSize: "2Gi" },
  }
  writeFileSync(path, JSON.stringify(file))
  return path
}

test("a configuration with faults ends the program with status 78 and all of them", async () => {
  const { ended, said } = start({ BERTH_CONFIG_FILE: join(directory, "missing.json") })
  expect(await ended).toBe(EXIT_CONFIG)
  for (const word of ["missing.json", "BETTER_AUTH_SECRET", "BERTH_ENCRYPTION_KEYS", "DATABASE_URL"]) {
    expect(said()).toContain(word)
  }
})

test("environment files with faults keep the program from starting; it names files and lines and no value", async () => {
  const files = join(directory, "role-env")
  mkdirSync(files)
  writeFileSync(join(files, "default.env"), "OK=1\nPATH=canary")
  writeFileSync(join(files, "admin.env"), "A='canary")
  const env = {
    PGHOST: "unused",
    BERTH_CONFIG_FILE: writeConfig(),
    BETTER_AUTH_SECRET: "0123456789abcdefghijklmnopqrstuvwxyz",
    BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
    BERTH_ROLE_ENV_DIR: files,
  }
  const refused = start(env, "--check-config")
  expect(await refused.ended).toBe(EXIT_CONFIG)
  expect(refused.said()).toContain("default.env, line 2: PATH")
  expect(refused.said()).toContain("admin.env, line 1: A has a quote that is not closed")
  expect(refused.said()).not.toContain("canary")
  rmSync(join(files, "admin.env"))
  writeFileSync(join(files, "default.env"), "OK=1")
  expect(await start(env, "--check-config").ended).toBe(0)
})

test("the whole program starts, serves, is ready, and ends on SIGTERM with status 0", async () => {
  const { env: databaseEnv } = await testDatabase({ empty: true })
  const cluster = await startApiServer()
  afterAll(() => cluster.stop())
  const pki = await createPki(join(directory, "tls"))
  copyFileSync(pki.server.certFile, join(directory, "tls/tls.crt"))
  copyFileSync(pki.server.keyFile, join(directory, "tls/tls.key"))
  const [http, broker, metrics] = [await freePort(), await freePort(), await freePort()]
  const env = {
    ...databaseEnv,
    KUBECONFIG: cluster.kubeconfig,
    BERTH_CONFIG_FILE: writeConfig(),
    BETTER_AUTH_SECRET: "a secret of at least 32 characters",
    BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
    BERTH_ADMIN_EMAIL: "admin@example.com",
    BERTH_ADMIN_PASSWORD: "canary-password",
    BERTH_HTTP_LISTEN: `127.0.0.1:${http}`,
    BERTH_BROKER_LISTEN: `127.0.0.1:${broker}`,
    BERTH_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    BERTH_BROKER_TLS_DIR: join(directory, "tls"),
    BERTH_MIGRATIONS_DIR: join(import.meta.dirname, "database/migrations"),
  }
  expect(await start(env, "--check-config").ended).toBe(0)
  const keys = start({ ...env, BERTH_API_KEYS: "short" }, "--check-config")
  expect(await keys.ended).toBe(EXIT_CONFIG)
  expect(keys.said()).toContain("API keys: key 1")

  const { child, ended, said } = start(env)
  const url = `http://127.0.0.1:${http}`
  await vi.waitFor(async () => expect((await fetch(`${url}/api/ready`)).status, said()).toBe(200), {
    timeout: 150_000,
    interval: 200,
  })
  const figures = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()
  expect(figures).toContain("berth_engine_sessions_driven 0")
  const signIn = await fetch(`${url}/api/auth/password`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email: "admin@example.com", password: "canary-password" }),
  })
  expect(signIn.status).toBe(204)
  const cookie = signIn.headers.getSetCookie()[0]?.split(";")[0] ?? ""
  const sessions = await fetch(`${url}/api/sessions`, { headers: { cookie } })
  expect(await sessions.json()).toEqual({ items: [], nextCursor: null })

  const verified = start(env, "--verify-audit")
  expect(await verified.ended, verified.said()).toBe(0)
  expect(verified.said()).toContain("0 faults")

  child.kill("SIGTERM")
  expect(await ended, said()).toBe(0)
  expect(said()).toContain('"stopped"')
  expect(said()).not.toContain("canary")
})
