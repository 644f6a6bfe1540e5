import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeEach, describe, expect, it } from "vitest"
import { startGithubServer } from "../../../test/support/accounts/github-server.ts"
import { call } from "../../../test/support/broker/call.ts"
import { startGitServer } from "../../../test/support/broker/git-server.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"
import { createGithub } from "../credentials/index.ts"

const github = await startGithubServer()
const host = await startGitServer()
const guarded = await startGitServer()
const provider = { ...createGithub({ app: github.app, fetch, now: Date.now }), host: host.host }
github.register("https://agents.example.com/github")
const broker = await startHarness({
  file: {
    git: {
      hosts: {
        [host.host]: { scheme: "http", existingSecret: "git" },
        [guarded.host]: {
          scheme: "http",
          existingSecret: "git",
          username: "gitlab+deploy-token-7",
          allow: { roles: ["developer"], repositories: ["team/app"], push: false },
        },
      },
    },
  },
  accountProviders: [provider],
})

/** As the kubelet does: the file is never half there. */
function writeToken(of: string, token: string): void {
  const folder = join(broker.directory, "git-credentials", of)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, ".new"), `${token}\n`)
  renameSync(join(folder, ".new"), join(folder, "token"))
}

const sent: string[] = []
const names = new Set<string>()
for (const server of [host, guarded]) {
  // Private repositories: the operator's token or one of the app.
  server.intercept((request, response) => {
    const [, basic = ""] = (request.headers.authorization ?? "").split(" ")
    const [name = "", token = ""] = Buffer.from(basic, "base64").toString().split(":")
    sent.push(token)
    if (token !== "") names.add(`${server.host} ${name}`)
    if (token.startsWith("operator-") || github.accepts(token)) return false
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
    return true
  })
}
beforeEach(() => {
  writeToken(host.host, "operator-1")
  writeToken(guarded.host, "operator-guarded")
})

async function podOf(options: { role?: string; repository?: string; submodules?: boolean } = {}) {
  const session = await broker.addSession({ repository: `https://${host.host}/team/app.git`, ...options })
  const sidecar = await startSidecar(broker, session)
  const workspace = createWorkspace(broker, sidecar, session.workload)
  const uses = () => broker.audited.filter((event) => event.sessionId === session.id)
  return { session, sidecar, workspace, uses }
}

describe("the operator's token for a git host", () => {
  it("is used for who has no linked account, is told to the audit log, and is in no answer to the pod", async () => {
    const { workspace, sidecar, uses } = await podOf()
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    writeFileSync(join(workspace.repository, "x"), "x")
    await workspace.git("add", "x")
    await workspace.git("commit", "--quiet", "-m", "x")
    expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/by-operator")).toMatchObject({ ok: true })
    expect(uses()).toContainEqual(
      expect.objectContaining({
        outcome: "ok",
        facts: expect.objectContaining({ service: "git-receive-pack", as: "environment" }),
      }),
    )
    const { body } = await call(`${sidecar.url}/v1/workload`)
    expect(body).not.toContain("operator-1")
    expect(JSON.stringify([broker.logged, broker.audited])).not.toContain("operator-1")
  })

  it("is read anew: a rotated one is used by the next request, a removed one by none", async () => {
    const { workspace } = await podOf()
    await workspace.prepare()
    sent.length = 0
    writeToken(host.host, "operator-2")
    expect(await workspace.git("ls-remote")).toMatchObject({ ok: true })
    expect(new Set(sent)).toEqual(new Set(["operator-2"]))
    rmSync(join(broker.directory, "git-credentials", host.host, "token"))
    const refused = await workspace.git("ls-remote")
    expect(refused.ok).toBe(false)
    expect(refused.stderr).toContain(`Link an account at ${host.host} in the settings.`)
  })

  it("stands behind a linked account, also behind one that does not work any more", async () => {
    const { workspace, session, uses } = await podOf()
    const user = { userId: session.userId, email: "ada@example.com" }
    const { url } = await broker.accounts.begin(user, "github")
    const account = await broker.accounts.complete(user, "github", github.authorize(url))
    sent.length = 0
    expect(await workspace.prepare()).toMatchObject({ code: 0 })
    expect(sent.some((token) => token.startsWith("operator-"))).toBe(false)
    expect(uses()).toContainEqual(expect.objectContaining({ facts: expect.objectContaining({ as: "account" }) }))
    await broker.database("linked_accounts").where({ id: account.id }).update({ broken_reason: "withdrawn" })
    const refused = await workspace.git("ls-remote")
    expect(refused.stderr).toContain("Link it again.")
    expect(sent.some((token) => token.startsWith("operator-"))).toBe(false)
    await broker.accounts.unlink(user, account.id)
    expect(await workspace.git("ls-remote")).toMatchObject({ ok: true })
  })

  it("is for the roles, repositories and directions that the operator allows", async () => {
    const repository = `https://${guarded.host}/team/app.git`
    const allowed = await podOf({ role: "developer", repository })
    expect(await allowed.workspace.prepare()).toMatchObject({ code: 0 })
    const push = await allowed.workspace.git("push", "origin", "HEAD:refs/heads/x")
    expect(push.ok).toBe(false)
    expect(push.stderr).toContain(`not for this use (git.hosts."${guarded.host}".allow.push)`)
    const cases: [Parameters<typeof podOf>[0], string][] = [
      [{ role: "member", repository }, "roles"],
      [{ role: "developer", repository: `https://${guarded.host}/team/other.git` }, "repositories"],
    ]
    for (const [options, part] of cases) {
      const refused = await podOf(options)
      const { code, stderr } = await refused.workspace.prepare()
      expect(code).toBe(1)
      expect(stderr).toContain(`allow.${part})`)
    }
  })

  it("reads submodules beside the repository, and none of another owner", async () => {
    host.addSubmodules("team/app", "beside", { other: "../other.git" })
    host.addSubmodules("team/app", "away", { other: `https://${guarded.host}/team/other.git` })
    const beside = await podOf({ submodules: true })
    await broker.database("sessions").where({ id: beside.session.id }).update({ repository_ref: "beside" })
    expect(await beside.workspace.prepare()).toMatchObject({ code: 0 })
    const away = await podOf({ submodules: true })
    await broker.database("sessions").where({ id: away.session.id }).update({ repository_ref: "away" })
    sent.length = 0
    const { code, stderr } = await away.workspace.prepare()
    expect(code).toBe(1)
    expect(stderr).toContain("read with one only beside the session's own repository")
    expect(sent).not.toContain("operator-guarded")
  })
})

it("each host gets the user name that it wants beside its token", () => {
  expect([...names]).toContain(`${host.host} x-access-token`)
  expect([...names]).toContain(`${guarded.host} gitlab+deploy-token-7`)
})
