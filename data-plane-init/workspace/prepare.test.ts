import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import type { WorkloadBinding } from "../../pod-protocol/index.ts"
import { prepare } from "./prepare.ts"

const root = mkdtempSync(join(tmpdir(), "berth-prepare-"))
afterAll(() => rmSync(root, { recursive: true }))

const binding: WorkloadBinding = {
  workload: "w",
  session: "ses_1",
  repository: { url: "https://git.example.com/team/app", ref: null, depth: null, submodules: false },
  profile: null,
  agentConfig: {},
  git: { hosts: [], identity: { name: "Ada", email: "ada@example.com" } },
  environment: {},
  userSettings: null,
  resolvers: [],
}

it("a clone that fails at once is told after its beginning was, because the last report counts", async () => {
  const arrived: string[] = []
  const begun = Promise.withResolvers<() => void>()
  const tried = Promise.withResolvers<void>()
  const preparing = prepare({
    settings: { sidecarUrl: "http://127.0.0.1:7070", workspace: root, agentConfig: root },
    sidecar: {
      binding: async () => binding,
      environment: async () => ({}),
      async report({ phase = "" }) {
        await new Promise<void>((resolve) => begun.resolve(resolve))
        arrived.push(phase)
        return true
      },
    },
    git: async () => {
      tried.resolve()
      return { ok: false, stderr: "", stdout: "" }
    },
  }).catch(() => arrived.push("failed"))
  const [arrive] = await Promise.all([begun.promise, tried.promise])
  // Time enough for a failure that would not wait.
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
  arrive()
  await preparing
  expect(arrived).toEqual(["cloning", "failed"])
})
