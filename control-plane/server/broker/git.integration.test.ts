import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { call } from "../../../test/support/broker/call.ts"
import { startGitServer } from "../../../test/support/broker/git-server.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"

const host = await startGitServer()
const broker = await startHarness({ file: { git: { hosts: { [host.host]: { scheme: "http" } } } } })

afterEach(() => host.intercept(() => false))

async function workspaceOf(repository?: string, more: { ref?: string; environment?: Record<string, string> } = {}) {
  const session = await broker.addSession({
    ...(repository === undefined ? {} : { repository }),
    ...(more.environment === undefined ? {} : { environment: more.environment }),
  })
  if (more.ref !== undefined) {
    await broker.database.raw("UPDATE sessions SET repository_ref = ? WHERE id = ?", [more.ref, session.id])
  }
  const sidecar = await startSidecar(broker, session)
  const report = async () =>
    (await broker.database.raw("SELECT report FROM workloads WHERE id = ?", [session.workload])).rows[0].report
  return { ...createWorkspace(broker, sidecar, session.workload), session, sidecar, report }
}

const app = `https://${host.host}/team/app.git`

describe("a session's workspace", () => {
  it("is a clone in which the agent commits as the session's owner, fetches and pushes", async () => {
    const workspace = await workspaceOf(app)
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect(readFileSync(join(workspace.repository, "README.md"), "utf8")).toBe("# team/app\n")
    expect(await workspace.report()).toMatchObject({ phase: "ready" })

    writeFileSync(join(workspace.repository, "new.txt"), "from the agent\n")
    await workspace.git("add", "new.txt")
    await workspace.git("commit", "--quiet", "-m", "by the agent")
    expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/from-agent")).toMatchObject({ ok: true })
    expect(host.git("team/app", "log", "-1", "--format=%an <%ae> %s", "from-agent")).toBe(
      `Ada Lovelace <${workspace.session.userId}@example.com> by the agent`,
    )
    expect(await workspace.git("fetch", "--quiet")).toMatchObject({ ok: true })
    expect((await workspace.git("remote", "get-url", "--all", "origin")).ok).toBe(true)
    expect((await workspace.git("config", "remote.origin.url")).stdout).toBe(app)
    expect((await workspace.git("status", "--short")).stdout).toBe("")
  })

  it.each([
    ["https without .git", `https://${host.host}/team/app`],
    ["http", `http://${host.host}/team/app.git`],
    ["ssh", `ssh://git@127.0.0.1/team/app.git`],
    ["scp-like", "git@127.0.0.1:team/app.git"],
  ])("is cloned from any form of address: %s", async (form, url) => {
    // ssh forms name no port, so they are only the same repository when the session's own address has none either.
    const workspace = await workspaceOf(form === "ssh" || form === "scp-like" ? app : url)
    await workspace.prepare()
    expect(await workspace.git("ls-remote", url, "refs/heads/main")).toMatchObject({ ok: true })
  })

  it("without a repository is an empty one, with .berth kept out of git's sight", async () => {
    const workspace = await workspaceOf()
    const { code } = await workspace.prepare()
    expect(code).toBe(0)
    expect((await workspace.git("rev-parse", "--is-inside-work-tree")).stdout).toBe("true")
    expect(readdirSync(join(workspace.repository, ".berth"))).toEqual(["auth-helpers"])
    writeFileSync(join(workspace.repository, ".berth", "auth-helpers", "x"), "")
    expect((await workspace.git("status", "--short")).stdout).toBe("")
  })

  it.each([
    ["a branch", "feature/x", "feature/x"],
    ["a tag", "v1", "HEAD"],
    ["a full reference", "refs/heads/feature/x", "feature/x"],
  ])("stands at the wanted %s", async (_, ref, expected) => {
    const workspace = await workspaceOf(app, { ref })
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect((await workspace.git("rev-parse", "--abbrev-ref", "HEAD")).stdout).toBe(expected)
  })

  it("stands at the wanted commit, written out or abbreviated", async () => {
    const commit = host.git("team/app", "rev-parse", "v1")
    for (const ref of [commit, commit.slice(0, 9)]) {
      const workspace = await workspaceOf(app, { ref })
      expect(await workspace.prepare()).toMatchObject({ code: 0 })
      expect((await workspace.git("rev-parse", "HEAD")).stdout).toBe(commit)
    }
  })

  it("can be prepared again while the agent works: nothing of the work is touched", async () => {
    const workspace = await workspaceOf(app, { environment: { TOKEN: "it's $HOME `x`\nline two" } })
    await workspace.prepare()
    writeFileSync(join(workspace.repository, "README.md"), "changed\n")
    writeFileSync(join(workspace.repository, "untracked.txt"), "kept\n")
    const inode = statSync(join(workspace.repository, ".git")).ino
    const asked = host.seen.length
    expect(await workspace.prepare()).toMatchObject({ code: 0, stderr: "" })
    expect(host.seen.length).toBe(asked)
    expect(readFileSync(join(workspace.repository, "README.md"), "utf8")).toBe("changed\n")
    expect(existsSync(join(workspace.repository, "untracked.txt"))).toBe(true)
    expect(statSync(join(workspace.repository, ".git")).ino).toBe(inode)
    const exclude = readFileSync(join(workspace.repository, ".git/info/exclude"), "utf8")
    expect(exclude.match(/^\/\.berth\/$/gm)).toHaveLength(1)
  })

  it("is left as it is when what git keeps there is damaged, locked or leads elsewhere", async () => {
    const workspace = await workspaceOf(app)
    await workspace.prepare()
    const at = (path: string) => join(workspace.repository, path)
    await workspace.git("remote", "set-url", "origin", "https://elsewhere.example.com/app.git")
    for (const path of ["new.txt", ".git/HEAD", ".git/index.lock"]) writeFileSync(at(path), "the agent's\n")
    const config = readFileSync(at(".git/config"), "utf8")
    expect(await workspace.prepare()).toMatchObject({ code: 0, stderr: "" })
    for (const path of ["new.txt", ".git/HEAD", ".git/index.lock"]) {
      expect(readFileSync(at(path), "utf8")).toBe("the agent's\n")
    }
    expect(readFileSync(at(".git/config"), "utf8")).toBe(config)
  })

  it("is cloned anew after a clone that was cut off", async () => {
    const workspace = await workspaceOf(app)
    let stuck: ServerResponse | undefined
    const asked = new Promise<void>((resolve) => {
      host.intercept((request: IncomingMessage, response) => {
        if (request.method !== "POST") return false
        stuck = response
        resolve()
        return true
      })
    })
    expect(await workspace.prepare(asked)).toMatchObject({ code: null })
    stuck?.destroy()
    expect(readdirSync(workspace.path).filter((name) => name.startsWith(".berth-clone-"))).toHaveLength(1)
    host.intercept(() => false)
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect(readdirSync(workspace.path).sort()).toEqual([".state", "repo"])
  })

  it("does not follow a repository's symbolic links", async () => {
    const workspace = await workspaceOf()
    mkdirSync(workspace.repository)
    symlinkSync(workspace.agentConfig, join(workspace.repository, ".berth"))
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect(statSync(join(workspace.repository, ".berth", "auth-helpers")).isDirectory()).toBe(true)
    expect(existsSync(join(workspace.agentConfig, "auth-helpers"))).toBe(false)
  })

  it("is prepared again whatever the agent has put in the place of Berth's own files", async () => {
    const workspace = await workspaceOf(app)
    await workspace.prepare()
    const at = (...path: string[]) => join(workspace.repository, ...path)
    const outside = join(workspace.agentConfig, "gitconfig")
    const before = readFileSync(outside, "utf8")
    const replace = (path: string, make: (path: string) => void) => {
      rmSync(path, { recursive: true, force: true })
      make(path)
    }
    const tricks: [string, (path: string) => void][] = [
      [at(".git/info/exclude"), (path) => symlinkSync(outside, path)],
      [at(".git/info/exclude"), (path) => void execFileSync("/usr/bin/mkfifo", [path])],
      [at(".git/info/exclude"), (path) => void mkdirSync(path)],
      [at(".git/info"), (path) => symlinkSync(workspace.agentConfig, path)],
      [at(".berth"), (path) => symlinkSync(workspace.agentConfig, path)],
      [at(".berth/user-settings.json"), (path) => mkdirSync(join(path, "x"), { recursive: true })],
      [at(".git"), (path) => symlinkSync(workspace.agentConfig, path)],
      [workspace.repository, (path) => symlinkSync(workspace.agentConfig, path)],
    ]
    for (const [path, make] of tricks) {
      replace(path, make)
      expect(await workspace.prepare(), path).toMatchObject({ code: 0 })
      expect(readFileSync(outside, "utf8")).toBe(before)
    }
    expect(readdirSync(workspace.agentConfig)).not.toContain(".berth")
    expect(readdirSync(workspace.agentConfig)).not.toContain("info")
  })

  it("carries a large pack both ways", async () => {
    const workspace = await workspaceOf(app)
    await workspace.prepare()
    const bytes = 24 * 1024 * 1024
    writeFileSync(join(workspace.repository, "large.bin"), randomBytes(bytes))
    await workspace.git("add", "large.bin")
    await workspace.git("commit", "--quiet", "-m", "large")
    expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/large")).toMatchObject({ ok: true })
    const again = await workspaceOf(app, { ref: "large" })
    expect(await again.prepare()).toMatchObject({ code: 0 })
    expect(statSync(join(again.repository, "large.bin")).size).toBe(bytes)
  })
})

describe("a refusal is told in words: ", () => {
  it("another repository of the same host", async () => {
    const workspace = await workspaceOf(app)
    await workspace.prepare()
    for (const args of [["ls-remote"], ["push"]]) {
      const { ok, stderr } = await workspace.git(...args, `https://${host.host}/team/other.git`, "HEAD")
      expect(ok).toBe(false)
      expect(stderr).toContain(`remote: This session may use ${host.host}/team/app only, not ${host.host}/team/other.`)
    }
    expect(broker.audited).toContainEqual(
      expect.objectContaining({ action: "credential.use", outcome: "refused", sessionId: workspace.session.id }),
    )
  })

  it("again and again, and is written down once for each repository, up to a number of them", async () => {
    const { sidecar, session } = await workspaceOf(app)
    await broker.database.raw("UPDATE sessions SET status = 'running' WHERE id = ?", [session.id])
    const ask = (repository: string) =>
      call(`${sidecar.url}/git/${host.host}/${repository}/info/refs?service=git-upload-pack`)
    for (let turn = 0; turn < 10; turn++) expect(await ask("team/other")).toMatchObject({ status: 403 })
    for (let turn = 0; turn < 40; turn++) expect(await ask(`team/no-${turn}`)).toMatchObject({ status: 403 })
    const written = broker.audited.filter(({ sessionId }) => sessionId === session.id)
    const repositories = written.map(({ facts }) => facts?.["repository"])
    expect(repositories.filter((one) => one === "team/other")).toHaveLength(1)
    expect(repositories).toContain("team/no-0")
    expect(written).toHaveLength(21)
    const last = [{ host: host.host, repository: "team/no-19", service: "git-upload-pack" }]
    expect(written.at(-1)).toMatchObject({ outcome: "refused", facts: { kind: "git", others: true, last } })
    const told = broker.published.filter(({ id }) => id === session.id)
    expect(told).toHaveLength(6)
    expect(told.at(-1)).toMatchObject({ change: { type: "notice", code: "git_refused" } })
  })

  it("a path with a control character, and it takes the place of no other refusal in the audit log", async () => {
    const { sidecar, session } = await workspaceOf(app)
    const ask = (address: string) => call(`${sidecar.url}/git/${address}/info/refs?service=git-receive-pack`)
    for (let turn = 0; turn < 25; turn++) expect(await ask(`x${turn}%00/y`)).toMatchObject({ status: 400 })
    for (const odd of ["a%0ab/y", `${host.host}/team/x%00`, `${host.host}/te%2500am/x`, `${"h".repeat(300)}/y`]) {
      expect(await ask(odd)).toMatchObject({ status: 400 })
    }
    for (const name of ["payroll", "secrets"]) {
      expect(await ask(`${host.host}/hr/${name}.git`)).toMatchObject({ status: 403 })
    }
    const written = broker.audited.filter(({ sessionId }) => sessionId === session.id)
    expect(written.map(({ facts }) => facts?.["repository"])).toEqual(["hr/payroll", "hr/secrets"])
  })

  it("a repository that is not there", async () => {
    const workspace = await workspaceOf(`https://${host.host}/team/nothing.git`)
    const { code, stderr } = await workspace.prepare()
    expect(code).toBe(1)
    expect(stderr).toContain("clone_not_found")
    expect(await workspace.report()).toMatchObject({ phase: "failed", code: "clone_not_found" })
    expect(existsSync(workspace.repository)).toBe(false)
  })

  it("a reference that is not there", async () => {
    const workspace = await workspaceOf(app, { ref: "no-such-branch" })
    expect((await workspace.prepare()).code).toBe(1)
    expect(await workspace.report()).toMatchObject({
      code: "clone_ref_not_found",
      message: `${app} has no branch or tag "no-such-branch".`,
    })
    const odd = await workspaceOf(app, { ref: "--upload-pack=touch /tmp/x" })
    expect((await odd.prepare()).code).toBe(1)
    expect(await odd.report()).toMatchObject({ code: "clone_ref_not_found" })
  })

  it("a host that asks for a sign-in", async () => {
    host.intercept((_, response) => {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("no")
      return true
    })
    const workspace = await workspaceOf(app)
    expect((await workspace.prepare()).code).toBe(1)
    const { code, message } = await workspace.report()
    expect(code).toBe("clone_refused")
    expect(message).toContain(`${host.host} asks for a sign-in to read ${host.host}/team/app`)
  })

  it("a host that cannot be reached", async () => {
    host.intercept((request) => {
      request.socket.destroy()
      return true
    })
    const workspace = await workspaceOf(app)
    expect((await workspace.prepare()).code).toBe(1)
    expect(await workspace.report()).toMatchObject({ code: "host_unreachable" })
  })

  it("a private address that nobody allowed", async () => {
    const workspace = await workspaceOf("https://localhost/team/app.git")
    expect((await workspace.prepare()).code).toBe(1)
    const { code, message } = await workspace.report()
    expect(code).toBe("clone_refused")
    expect(message).toContain("private address")
  })
})

describe("a git host", () => {
  it("gets the operator's credential from the broker, and what a pod sends as one goes nowhere", async () => {
    const folder = join(broker.directory, "git-credentials", host.host)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "token"), "ghp-canary\n")
    const workspace = await workspaceOf(`https://forged:password@${host.host}/team/app.git`)
    host.seen.length = 0
    await workspace.prepare()
    await workspace.git("ls-remote", app)
    expect(host.seen.length).toBeGreaterThan(0)
    const basic = `Basic ${Buffer.from("x-access-token:ghp-canary").toString("base64")}`
    expect(host.seen.every(({ authorization }) => authorization === basic)).toBe(true)
  })

  it("is pushed to by nobody unseen, also when no advertisement was asked for", async () => {
    const folder = join(broker.directory, "git-credentials", host.host)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "token"), "ghp-canary\n")
    const workspace = await workspaceOf(app)
    await workspace.prepare()
    const pushes = () =>
      broker.audited.filter(
        ({ sessionId, facts }) => sessionId === workspace.session.id && facts?.["service"] === "git-receive-pack",
      ).length
    await workspace.git("commit", "--quiet", "--allow-empty", "-m", "empty")
    expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/seen")).toMatchObject({ ok: true })
    expect(pushes()).toBe(1)
    const pack = `${workspace.sidecar.url}/git/${host.host}/team/app.git/git-receive-pack`
    for (let turn = 0; turn < 2; turn++) await call(pack, { method: "POST", body: "00000000" })
    expect(pushes()).toBe(3)
  })

  it("is the only one that its credential is sent to, also when the repository's path looks like a host", async () => {
    const thief = await startGitServer()
    const folder = join(broker.directory, "git-credentials", host.host)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "token"), "ghp-canary\n")
    const { sidecar } = await workspaceOf(`https://${host.host}/${thief.host}/team/app.git`)
    const ask = (slashes: string, request = "info/refs?service=git-upload-pack", method = "GET") =>
      call(`${sidecar.url}/git/${host.host}${slashes}${thief.host}/team/app.git/${request}`, { method })
    expect((await ask("/")).status).toBe(404)
    for (const slashes of ["//", "///", "/\\", "/%2f", "/.//"]) {
      expect((await ask(slashes)).status).not.toBe(200)
      expect((await ask(slashes, "git-receive-pack", "POST")).status).not.toBe(200)
    }
    expect(thief.seen).toEqual([])
  })

  it("may redirect within itself, but not to another host", async () => {
    const moved = await workspaceOf(`https://${host.host}/old/name.git`)
    host.intercept((request, response) => {
      const { pathname, search } = new URL(request.url ?? "/", "http://x")
      if (!pathname.startsWith("/old/name.git/info/refs")) return false
      response.writeHead(301, { location: `/team/app.git/info/refs${search}` }).end()
      return true
    })
    expect(await moved.prepare()).toMatchObject({ code: 0 })
    const away = await workspaceOf(app)
    host.intercept((_, response) => {
      response.writeHead(302, { location: "https://elsewhere.example.com/team/app.git/info/refs" }).end()
      return true
    })
    expect((await away.prepare()).code).toBe(1)
    expect(await away.report()).toMatchObject({ code: "clone_refused" })
  })
})
