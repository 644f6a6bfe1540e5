import { createHash } from "node:crypto"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ensureDebianPackages } from "../../dev/tools/index.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { createRun } from "../../scripts/lib/run.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Guarded, startGuarded } from "../support/guarded.ts"
import { freePort, removeScratch, scratchDirectory } from "../support/scratch.ts"
import { chartDirectory, renderText } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"

const helm = await mainHelm()
const run = createRun(() => {})
const directory = scratchDirectory("packaging")
let registry: Guarded
let port: number

beforeAll(async () => {
  await ensureDebianPackages(["docker-registry"], { run, say: (text) => process.stderr.write(`${text}\n`) })
  port = await freePort()
  const config = {
    version: 0.1,
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(directory, "registry") } },
    http: { addr: `127.0.0.1:${port}` },
  }
  const file = join(directory, "registry.json")
  writeFileSync(file, JSON.stringify(config))
  const logFile = join(directory, "registry.log")
  registry = startGuarded({ command: "docker-registry", args: ["serve", file], logFile, endSignal: "TERM" })
  const answers = async () => {
    const { ok } = await fetch(`http://127.0.0.1:${port}/v2/`)
    return ok
  }
  await until("the registry", answers, { timeout_ms: 120_000 })
})

afterAll(async () => {
  await registry?.stop()
  removeScratch(directory)
})

async function pack(name: string, ...args: string[]): Promise<{ file: string; digest: string }> {
  const out = join(directory, name)
  const script = join(repositoryRoot, "scripts/package.ts")
  const stdout = await run(process.execPath, [script, "--out", out, ...args], { cwd: repositoryRoot })
  const [archive = ""] = readdirSync(out)
  const file = join(out, archive)
  const digest = `sha256:${createHash("sha256").update(readFileSync(file)).digest("hex")}`
  expect(stdout.trim().split("\n").at(-1)).toBe(digest)
  return { file, digest }
}

test("the archive has the same bytes each time, whatever the files' times", async () => {
  const first = await pack("first")
  utimesSync(join(chartDirectory, "Chart.yaml"), new Date(), new Date())
  const second = await pack("second")
  expect(second.digest).toBe(first.digest)
})

test("the archive renders what the folder renders, and holds no tests and no fragments", async () => {
  const { file } = await pack("rendered")
  expect(await renderText(helm, { chart: file })).toBe(await renderText(helm))
  const names = (await run("tar", ["-tzf", file])).trim().split("\n")
  expect(names.filter((name) => /^berth\/(ci|tests|schema)\//.test(name))).toEqual([])
  expect(names).toContain("berth/values.schema.json")
  expect(names).toContain("berth/templates/tests/smoke.yaml")
})

test("it goes to an OCI registry and comes back as it was", async () => {
  const address = `oci://127.0.0.1:${port}/charts`
  const { file, digest } = await pack("pushed", "--version", "1.2.3", "--push", address, "--plain-http")
  expect(file).toMatch(/berth-1\.2\.3\.tgz$/)
  const pulled = mkdtempSync(join(tmpdir(), "berth-pulled-"))
  try {
    const flags = ["--version", "1.2.3", "--plain-http", "--destination", pulled]
    await run(helm.path, ["pull", `${address}/berth`, ...flags])
    const bytes = readFileSync(join(pulled, "berth-1.2.3.tgz"))
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest)
  } finally {
    rmSync(pulled, { recursive: true })
  }
})

test("as a dependency of another chart it takes global and enabled", async () => {
  const parent = join(directory, "parent")
  cpSync(chartDirectory, join(parent, "charts/berth"), { recursive: true })
  const dependency = { name: "berth", version: "0.1.0", condition: "berth.enabled" }
  writeFileSync(
    join(parent, "Chart.yaml"),
    JSON.stringify({ apiVersion: "v2", name: "parent", version: "1.0.0", dependencies: [dependency] }),
  )
  const values = { global: { anything: { at: "all" } }, berth: { enabled: true, controlPlane: { replicaCount: 2 } } }
  expect(await renderText(helm, { chart: parent, values })).toContain("replicas: 2")
  expect(await renderText(helm, { chart: parent, values: { berth: { enabled: false } } })).toBe("\n")
})
