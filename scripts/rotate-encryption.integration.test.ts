import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { expect, test } from "vitest"
import { createVault, sealedColumns } from "../control-plane/server/credentials/index.ts"
import { Secret } from "../control-plane/server/crypto/index.ts"
import { startServer, testConfig } from "../test/support/http/server.ts"
import { testDatabase } from "../test/support/postgres.ts"

const key = (fill: number) => Buffer.alloc(32, fill).toString("base64")
const old = createVault({ keys: [{ id: "old", key: new Secret(key(1)) }] })
const { database } = await testDatabase()
const ring = { BERTH_ENCRYPTION_KEYS: `new:${key(2)},old:${key(1)}` }
const server = await startServer({ database, config: testConfig({}, ring) })

async function run(args: string[], token?: string) {
  const child = spawn(join(import.meta.dirname, "rotate-encryption.sh"), args, {
    env: { PATH: process.env["PATH"], ...(token === undefined ? {} : { BERTH_API_TOKEN: token }) },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")])
  return { out, err, code }
}

async function tokenFor(scope: string): Promise<string> {
  const json = { name: "t", scopes: [scope], expiresAt: Date.now() + 3_600_000 }
  const response = await server.fetch("/api/tokens", { method: "POST", cookie: await server.signIn(), json })
  return ((await response.json()) as { token: string }).token
}

async function store(id: string, context = sealedColumns.workloadPassword(id)): Promise<void> {
  await database("workloads").insert({ id, name: id, password_sealed: old.seal("secret", context) })
}

test("an operator seals everything anew from his machine, and is told what came of it", async () => {
  await database("vault_keys").insert({ key_id: "old", sentinel: Buffer.from("x") })
  await store("w1")
  const token = await tokenFor("encryption:admin")
  expect(await run([server.url], token)).toEqual({
    out: "1 values are sealed anew\nnothing is sealed under these keys any more: old\n",
    err: "",
    code: 0,
  })
  expect(await run([`${server.url}/`], token)).toMatchObject({ out: "0 values are sealed anew\n", code: 0 })
  await store("w2", sealedColumns.workloadPassword("elsewhere"))
  const failed = await run([server.url], token)
  expect(failed).toMatchObject({ code: 1 })
  expect(failed.err).toContain("1 values could not be opened")
})

test("who may not, and who does not know how, is told in words", async () => {
  const other = await run([server.url], await tokenFor("sessions:read"))
  expect([other.code, other.out]).toEqual([1, ""])
  expect(other.err).toMatch(/^ERROR: HTTP 403: .+encryption:admin/)
  expect(await run([server.url])).toMatchObject({ code: 2, err: "ERROR: BERTH_API_TOKEN is not set\n" })
  expect((await run(["--force"])).code).toBe(2)
  expect((await run(["http://127.0.0.1:1"], "x")).err).toContain("cannot be reached")
  expect((await run(["--help"])).out).toContain("BERTH_API_TOKEN=… scripts/rotate-encryption.sh https://")
})
