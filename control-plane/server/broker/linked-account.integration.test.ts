import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { startGithubServer } from "../credentials/accounts/testing/github-server.ts"
import { createGithub } from "../credentials/index.ts"
import { Secret } from "../crypto/index.ts"
import { startGitServer } from "./testing/git-server.ts"
import { startHarness } from "./testing/harness.ts"
import { startSidecar } from "./testing/sidecar.ts"
import { createWorkspace } from "./testing/workspace.ts"

const github = await startGithubServer()
const host = await startGitServer()
const app = {
  clientId: github.client.id,
  clientSecret: async () => new Secret(github.client.secret),
  baseUrl: github.url,
}
// One host for the web and for git, as it is at GitHub; here they are two servers.
const provider = { ...createGithub({ app, fetch, now: Date.now }), host: host.host }
const broker = await startHarness({
  file: { git: { hosts: { [host.host]: { scheme: "http" } } } },
  accountProviders: [provider],
})

// A private repository: whoever has no token of the app is asked to sign in.
host.intercept((request, response) => {
  const [, basic = ""] = (request.headers.authorization ?? "").split(" ")
  const [, token = ""] = Buffer.from(basic, "base64").toString().split(":")
  if (github.accepts(token)) return false
  response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
  return true
})

it("a session works on a private repository as the user, until the account is unlinked", async () => {
  const session = await broker.addSession({ repository: `https://${host.host}/team/app.git` })
  const user = { userId: session.userId, email: "ada@example.com" }
  const sidecar = await startSidecar(broker, session)
  const workspace = createWorkspace(broker, sidecar, session.workload)

  const refused = await workspace.prepare()
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`Link an account at ${host.host} in the settings.`)

  const { url } = await broker.accounts.begin(user, "github")
  const account = await broker.accounts.complete(user, "github", github.authorize(url))
  expect(await workspace.prepare()).toMatchObject({ code: 0 })

  writeFileSync(join(workspace.repository, "change.txt"), "changed\n")
  await workspace.git("add", ".")
  await workspace.git("commit", "--quiet", "-m", "a change")
  expect(await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/change")).toMatchObject({ ok: true })
  expect(host.git("team/app", "log", "-1", "--format=%an <%ae>", "change")).toBe("Name of octo <octo@example.com>")
  expect(broker.audited).toContainEqual(
    expect.objectContaining({
      action: "credential.use",
      outcome: "ok",
      facts: expect.objectContaining({ service: "git-receive-pack", as: "account" }),
    }),
  )

  await broker.accounts.unlink(user, account.id)
  const push = await workspace.git("push", "--quiet", "origin", "HEAD:refs/heads/change")
  expect(push.ok).toBe(false)
  expect(push.stderr).toContain(`remote: ${host.host} asks for a sign-in to push to ${host.host}/team/app`)
})

it("a user's account is nobody else's: another session on the same repository stays without", async () => {
  const [mine, other] = [
    await broker.addSession(),
    await broker.addSession({ repository: `https://${host.host}/team/app.git` }),
  ]
  const user = { userId: mine.userId, email: "ada@example.com" }
  const { url } = await broker.accounts.begin(user, "github")
  await broker.accounts.complete(user, "github", github.authorize(url))
  const workspace = createWorkspace(broker, await startSidecar(broker, other), other.workload)
  expect((await workspace.prepare()).code).toBe(1)
})
