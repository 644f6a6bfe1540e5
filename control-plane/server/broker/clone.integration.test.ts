import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { startGitServer } from "../../../test/support/broker/git-server.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"

const host = await startGitServer()
const broker = await startHarness({ file: { git: { hosts: { [host.host]: { scheme: "http" } } } } })
const app = `https://${host.host}/team/app.git`
afterEach(() => host.intercept(() => false))

type Options = NonNullable<Parameters<typeof broker.addSession>[0]>

async function workspaceOf(options: Options = {}) {
  const session = await broker.addSession({ repository: app, ...options })
  const sidecar = await startSidecar(broker, session)
  const report = async () =>
    (await broker.database.raw("SELECT report FROM workloads WHERE id = ?", [session.workload])).rows[0].report
  return { ...createWorkspace(broker, sidecar, session.workload), session, report }
}

const AUTHOR = ["-c", "user.name=Test", "-c", "user.email=t@example.com"]

/** Three commits on a branch of their own, oldest first. */
function history(): string[] {
  const git = (...args: string[]) => host.git("team/app", ...AUTHOR, ...args)
  const commits = [git("rev-parse", "main")]
  for (const message of ["second", "third"]) {
    const parent = commits.at(-1) ?? ""
    commits.push(git("commit-tree", "main^{tree}", "-p", parent, "-m", message))
  }
  git("update-ref", "refs/heads/long", commits.at(-1) ?? "")
  return commits
}

describe("a clone with a depth", () => {
  const commits = history()

  it.each([
    ["a branch", "long", "long"],
    ["a full reference", "refs/heads/long", "long"],
    ["a tag", "v1", "HEAD"],
  ])("has that many commits of %s, and pushes", async (_, ref, expected) => {
    const workspace = await workspaceOf({ ref, depth: 1 })
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect((await workspace.git("rev-list", "--count", "HEAD")).stdout).toBe("1")
    expect((await workspace.git("rev-parse", "--abbrev-ref", "HEAD")).stdout).toBe(expected)
    const pushed = await workspace.git("push", "--quiet", "origin", `HEAD:refs/heads/from-${ref.replaceAll("/", "-")}`)
    expect(pushed).toMatchObject({ ok: true })
  })

  it("of two has two", async () => {
    const workspace = await workspaceOf({ ref: "long", depth: 2 })
    await workspace.prepare()
    expect((await workspace.git("log", "--format=%s")).stdout).toBe("third\nsecond")
  })

  it("finds a commit that is not among the last ones by its whole id, and says what an abbreviation needs", async () => {
    const [, second = ""] = commits
    const whole = await workspaceOf({ ref: second, depth: 1 })
    expect(await whole.prepare()).toMatchObject({ code: 0 })
    expect((await whole.git("log", "--format=%s")).stdout).toBe("second")
    const short = await workspaceOf({ ref: second.slice(0, 9), depth: 1 })
    expect((await short.prepare()).code).toBe(1)
    expect(await short.report()).toMatchObject({
      code: "clone_ref_not_found",
      message: expect.stringContaining("whole id"),
    })
  })

  it("says which branch is missing", async () => {
    for (const ref of ["none", "refs/heads/none"]) {
      const workspace = await workspaceOf({ ref, depth: 1 })
      expect((await workspace.prepare()).code).toBe(1)
      expect(await workspace.report()).toMatchObject({ code: "clone_ref_not_found" })
    }
  })
})

describe("a reference of an odd name", () => {
  const other = host.git("team/app", ...AUTHOR, "commit-tree", "main^{tree}", "-p", "main", "-m", "other")
  const long = `${"l".repeat(100)}/${"m".repeat(100)}`
  for (const name of ["heads/--detach", "heads/--orphan", `heads/${long}`, "pull/1/head"]) {
    host.git("team/app", "update-ref", `refs/${name}`, other)
  }

  it.each([
    ["refs/heads/--detach", "refs/heads/--detach"],
    ["refs/heads/--orphan", "refs/heads/--orphan"],
    [long, `refs/heads/${long}`],
    ["refs/pull/1/head", ""],
  ])("%s is taken for nothing else", async (ref, branch) => {
    const workspace = await workspaceOf({ ref, depth: 1 })
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect((await workspace.git("rev-parse", "HEAD")).stdout).toBe(other)
    expect((await workspace.git("symbolic-ref", "--quiet", "HEAD")).stdout).toBe(branch)
  })

  it.each(["--upload-pack=touch owned", "-q", "a..b", "main~1"])("%s is refused in words", async (ref) => {
    const workspace = await workspaceOf({ ref })
    expect((await workspace.prepare()).code).toBe(1)
    expect(await workspace.report()).toMatchObject({
      phase: "failed",
      message: `${JSON.stringify(ref)} is not a branch, tag or commit.`,
    })
  })
})

it("an empty repository is an empty workspace that can be pushed", async () => {
  host.git("team/empty", "init", "--quiet", "--bare")
  host.git("team/empty", "config", "http.receivepack", "true")
  const workspace = await workspaceOf({ repository: `https://${host.host}/team/empty.git` })
  expect(await workspace.prepare()).toMatchObject({ code: 0 })
  expect(await workspace.report()).toMatchObject({ phase: "ready", notices: [{ code: "repository_empty" }] })
  expect(await workspace.git("commit", "--quiet", "--allow-empty", "-m", "first")).toMatchObject({ ok: true })
  expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/main")).toMatchObject({ ok: true })
})

it("a default branch that does not exist ends the start, with the branches that do", async () => {
  host.addRepository("team/headless")
  host.git("team/headless", "branch", "-m", "main", "develop")
  host.git("team/headless", "symbolic-ref", "HEAD", "refs/heads/gone")
  for (const options of [{}, { depth: 1 }]) {
    const workspace = await workspaceOf({ repository: `https://${host.host}/team/headless.git`, ...options })
    expect((await workspace.prepare()).code).toBe(1)
    expect(await workspace.report()).toMatchObject({
      code: "clone_ref_not_found",
      message: expect.stringMatching(/default branch of .+ does not exist.+reference: develop, feature\/x\.$/),
    })
  }
})

it("files in Git LFS are told of, with their number and one name", async () => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 1\n`
  host.addRepository("team/large", { ".gitattributes": "*.bin filter=lfs -text\n", "model.bin": pointer })
  const workspace = await workspaceOf({ repository: `https://${host.host}/team/large.git` })
  expect(await workspace.prepare()).toMatchObject({ code: 0 })
  const { notices } = await workspace.report()
  expect(notices).toEqual([
    { code: "lfs_pointers", message: expect.stringContaining("1 file is in Git LFS, for example model.bin") },
  ])
})

describe("submodules", () => {
  // As hosts other than GitHub write them, and as people type them.
  host.addSubmodules("team/app", "odd", { other: `https://ada@${host.host}/team/other.git` })
  host.addSubmodules("team/app", "relative", { "libs/other": "../other.git" })
  host.addSubmodules("team/app", "ssh", { other: `ssh://git@127.0.0.1/team/other.git` })
  host.addSubmodules("team/app", "absolute", { other: `https://${host.host}/team/other.git` })
  host.addSubmodules("team/app", "elsewhere", { other: "https://elsewhere.example.com/team/other.git" })
  host.addSubmodules("team/app", "nothing", { other: "../nothing.git" })

  it.each(["relative", "absolute", "odd"])(
    "with %s addresses are cloned through the sidecar, with all that is beside",
    async (ref) => {
      const workspace = await workspaceOf({ ref, submodules: true, depth: 1 })
      expect(await workspace.prepare()).toMatchObject({ code: 0 })
      const folder = ref === "relative" ? "libs/other" : "other"
      expect(readFileSync(join(workspace.repository, folder, "README.md"), "utf8")).toBe("# team/other\n")
      expect((await workspace.git("submodule", "status")).stdout).toContain(folder)
      expect((await workspace.git("status", "--short")).stdout).toBe("")
      expect(await workspace.git("fetch", "--quiet", "--recurse-submodules=yes")).toMatchObject({ ok: true })
      const { ok, stderr } = await workspace.git("-C", folder, "push", "origin", "HEAD:refs/heads/from-submodule")
      expect(ok).toBe(false)
      expect(stderr).toContain(`may use ${host.host}/team/app only`)
      expect(stderr).toContain("can be read, as its submodules are, and not be written")
    },
  )

  it("are left alone where the session does not want them, and cannot be read then", async () => {
    const workspace = await workspaceOf({ ref: "relative" })
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect(existsSync(join(workspace.repository, "libs/other/README.md"))).toBe(false)
    const { ok, stderr } = await workspace.git("submodule", "update", "--init")
    expect(ok).toBe(false)
    expect(stderr).toContain(`may use ${host.host}/team/app only`)
  })

  it.each([
    ["elsewhere", "clone_refused", "https://elsewhere.example.com/team/other.git", "git.hosts"],
    ["nothing", "clone_not_found", `https://${host.host}/team/nothing.git`, "has no repository"],
  ])("that cannot be had end the start with the reason: %s", async (ref, code, address, words) => {
    const workspace = await workspaceOf({ ref, submodules: true })
    expect((await workspace.prepare()).code).toBe(1)
    const { message, code: reported } = await workspace.report()
    expect(reported).toBe(code)
    expect(message).toContain(`The submodule ${address} of ${app} cannot be cloned`)
    expect(message).toContain(words)
    expect(existsSync(workspace.repository)).toBe(false)
  })

  it("are not touched when the workspace is prepared again", async () => {
    const workspace = await workspaceOf({ ref: "relative", submodules: true })
    await workspace.prepare()
    const file = join(workspace.repository, "libs/other/README.md")
    writeFileSync(file, "changed\n")
    const asked = host.seen.length
    expect(await workspace.prepare()).toMatchObject({ code: 0, stderr: "" })
    expect(host.seen.length).toBe(asked)
    expect(readFileSync(file, "utf8")).toBe("changed\n")
  })
})
