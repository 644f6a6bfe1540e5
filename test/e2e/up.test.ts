import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { type Installation, openInstallation } from "./support/installation.ts"

let installation: Installation
let directory: string
beforeAll(async () => {
  installation = await openInstallation()
  directory = mkdtempSync(join(tmpdir(), "up-"))
})
afterAll(() => rmSync(directory, { recursive: true }))

test("an option that does not exist is told, and nothing is begun", async () => {
  const { status, words } = await up(["--nonsense"])
  expect(status).toBe(2)
  expect(words).toContain("--nonsense")
  expect(words).not.toContain("▸")
})

test("a cluster that cannot be reached is told with what to do", async () => {
  const kubeconfig = join(directory, "unreachable")
  const text = readFileSync(installation.kubeconfig, "utf8")
  writeFileSync(kubeconfig, text.replace(/server: .*/, "server: https://127.0.0.1:1"))
  const { status, words } = await up(["--registry", "registry.invalid/berth"], { KUBECONFIG: kubeconfig })
  expect(status).toBe(1)
  expect(words).toContain("127.0.0.1:1")
  expect(words).toContain("What to do:")
})

test("a missing tool is named with where to get it", async () => {
  // kubectl's own folder is not on this PATH, nor is Docker's or kind's.
  const { status, words } = await up(["--provider", "kind"], { PATH: join(directory, "empty") })
  expect(status).toBe(1)
  expect(words).toMatch(/Docker/)
  expect(words).toContain("What to do:")
})

test("values that the chart refuses are named, and the installation stays as it was", async () => {
  const { namespace, client, controlPlane } = installation
  const values = join(directory, "values.yaml")
  writeFileSync(values, "sessions:\n  idleTimeout: soon\n  noSuchKey: true\n")
  const before = (await controlPlane.ready()).map(({ name }) => name)
  const { status, words } = await up(["--namespace", namespace, "--replicas", "2", "--values", values])
  expect(status).toBe(1)
  expect(words).toContain("noSuchKey")
  expect(words).toContain("idleTimeout")
  expect(words).toContain("What to do:")
  expect((await controlPlane.ready()).map(({ name }) => name)).toEqual(before)
  await client.list()
})

/** Runs the command to its end; what it prints for people is `words`. */
function up(args: string[], env: Record<string, string> = {}): Promise<{ status: number; words: string }> {
  const command = [join(repositoryRoot, "scripts", "up.ts"), ...args]
  return new Promise((resolve) => {
    const options = { cwd: repositoryRoot, env: { ...process.env, ...env }, timeout: 500_000 }
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1
      resolve({ status, words: stdout + stderr })
    })
  })
}
