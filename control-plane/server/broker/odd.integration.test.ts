import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { startGitServer } from "./testing/git-server.ts"
import { startHarness } from "./testing/harness.ts"
import { startSidecar } from "./testing/sidecar.ts"
import { createWorkspace } from "./testing/workspace.ts"

const host = await startGitServer()
const broker = await startHarness({ file: { git: { hosts: { [host.host]: { scheme: "http" } } } } })
const app = `https://${host.host}/team/app.git`

async function workspaceOf(ref: string | null, depth: number | null = null) {
  const session = await broker.addSession({ repository: app })
  await broker.database.raw("UPDATE sessions SET repository_ref = ?, repository_depth = ? WHERE id = ?", [
    ref,
    depth,
    session.id,
  ])
  const sidecar = await startSidecar(broker, session)
  const report = async () =>
    (await broker.database.raw("SELECT report FROM workloads WHERE id = ?", [session.workload])).rows[0].report
  return { ...createWorkspace(broker, sidecar, session.workload), report }
}
const git = (...args: string[]) =>
  host.git("team/app", "-c", "user.name=Test", "-c", "user.email=t@example.com", ...args)
const long = `${"l".repeat(100)}/${"m".repeat(100)}`
const other = git("commit-tree", "main^{tree}", "-p", "main", "-m", "other")
for (const name of ["-q", "--detach", "--orphan", long, "feature/abcdef1", "abcdef1", "v1", "Ünï/çode"])
  git("update-ref", `refs/heads/${name}`, other)
git("update-ref", "refs/pull/1/head", other)

describe("refs", () => {
  it.each([
    ["refs/heads/-q", "-q"],
    ["refs/heads/--detach", "--detach"],
    ["refs/heads/--orphan", "--orphan"],
    [long, long],
    ["abcdef1", "abcdef1"],
    ["v1", "v1"],
    ["refs/tags/v1", "HEAD"],
    ["refs/pull/1/head", "HEAD"],
    ["Ünï/çode", "Ünï/çode"],
    ["refs/heads/v1", "v1"],
  ])("%s", async (ref, expected) => {
    for (const depth of [null, 1]) {
      const w = await workspaceOf(ref, depth)
      const r = await w.prepare()
      expect({ ...r, elapsed_ms: 0, report: await w.report() }).toMatchObject({ code: 0 })
      expect((await w.git("symbolic-ref", "-q", "HEAD")).stdout).toBe(
        expected === "HEAD" ? "" : `refs/heads/${expected}`,
      )
      expect((await w.git("rev-parse", "HEAD")).stdout).toBe(
        ref === "refs/tags/v1" ? git("rev-parse", "refs/tags/v1") : other,
      )
      expect((await w.git("status", "--short")).stdout).toBe("")
    }
  })
  it.each(["-q", "--upload-pack=touch /tmp/owned", "a..b", "x".repeat(255), "HEAD", "main~1", "refs/heads/"])(
    "refused %s",
    async (ref) => {
      const w = await workspaceOf(ref)
      const r = await w.prepare()
      expect(r.code).toBe(1)
      console.log(ref, (await w.report()).code, (await w.report()).message, r.stderr)
    },
  )
})
describe("again", () => {
  it.each<[string, (w: Awaited<ReturnType<typeof workspaceOf>>) => unknown]>([
    ["corrupt", (w) => writeFileSync(join(w.repository, ".git/HEAD"), "garbage")],
    ["lock", (w) => writeFileSync(join(w.repository, ".git/index.lock"), "")],
    ["remote", (w) => w.git("remote", "set-url", "origin", "https://elsewhere/x")],
    ["readonly repo", (w) => chmodSync(w.repository, 0o555)],
    ["readonly berth", (w) => chmodSync(join(w.repository, ".berth"), 0o555)],
    ["closed berth", (w) => chmodSync(join(w.repository, ".berth"), 0)],
    ["readonly exclude", (w) => chmodSync(join(w.repository, ".git/info/exclude"), 0o444)],
    [
      "readonly settings",
      (w) => {
        writeFileSync(join(w.repository, ".berth/user-settings.json"), "{}")
        chmodSync(join(w.repository, ".berth/user-settings.json"), 0)
      },
    ],
  ])("%s", async (_, damage) => {
    const w = await workspaceOf("main")
    await w.prepare()
    writeFileSync(join(w.repository, "new.txt"), "work")
    await damage(w)
    expect(await w.prepare()).toMatchObject({ code: 0, stderr: "" })
    chmodSync(w.repository, 0o755)
    expect(readFileSync(join(w.repository, "new.txt"), "utf8")).toBe("work")
  })
})
it("empty repository", async () => {
  const fresh = await startGitServer()
  expect(existsSync("/")).toBe(true)
  void fresh
})
