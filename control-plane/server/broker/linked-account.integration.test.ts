import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { privateRepository } from "../../../test/support/accounts/github-repositories.ts"
import { startGithubServer } from "../../../test/support/accounts/github-server.ts"
import { createGitHost } from "../../../test/support/broker/git-server.ts"
import { startHarness } from "../../../test/support/broker/harness.ts"
import { startSidecar } from "../../../test/support/broker/sidecar.ts"
import { createWorkspace } from "../../../test/support/broker/workspace.ts"
import { createGithub } from "../credentials/index.ts"

// Web, API and git at one address, as it is at a GitHub Enterprise Server.
const git = createGitHost()
afterAll(git.remove)
const github = await startGithubServer({ git: git.handler })
const provider = createGithub({ app: github.app, fetch, now: Date.now })
const { host } = provider
const broker = await startHarness({
  file: { git: { hosts: { [host]: { scheme: "http" } } } },
  accountProviders: [provider],
})
github.register("https://agents.example.com/github")
const repository = privateRepository({ octo: "write" })
github.repositories.set("team/app", repository)
const address = `http://${host}/team/app.git`

async function link(userId: string, login = "octo") {
  const user = { userId, email: "ada@example.com" }
  const { url } = await broker.accounts.begin(user, "github")
  return { user, account: await broker.accounts.complete(user, "github", github.authorize(url, { id: 7, login })) }
}

/** A running session of a user with a linked account, its workspace prepared and a commit made. */
async function committed() {
  const session = await broker.addSession({ repository: address })
  const { user, account } = await link(session.userId)
  const workspace = createWorkspace(broker, await startSidecar(broker, session), session.workload)
  expect(await workspace.prepare()).toMatchObject({ code: 0 })
  await broker.database("sessions").where({ id: session.id }).update({ status: "running" })
  writeFileSync(join(workspace.repository, "change.txt"), "changed\n")
  await workspace.git("add", ".")
  await workspace.git("commit", "--quiet", "-m", "a change")
  const push = () => workspace.git("push", "--quiet", "origin", `HEAD:refs/heads/${session.workload}`)
  return { session, user, account, workspace, push }
}

const noticesOf = (sessionId: string) =>
  broker.published.flatMap(({ id, change }) => (id === sessionId && change.type === "notice" ? [change.message] : []))

it("a session works on a private repository as the user, until the account is unlinked", async () => {
  const before = await broker.addSession({ repository: address })
  const refused = await createWorkspace(broker, await startSidecar(broker, before), before.workload).prepare()
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain(`Link an account at ${host} in the settings.`)
  // It does not run yet: that it could not start is told by its steps.
  expect(noticesOf(before.id)).toEqual([])

  const { session, user, account, push } = await committed()
  expect(await push()).toMatchObject({ ok: true })
  expect(git.git("team/app", "log", "-1", "--format=%an <%ae>", session.workload)).toBe(
    "Name of octo <octo@example.com>",
  )
  expect(broker.audited).toContainEqual(
    expect.objectContaining({
      action: "credential.use",
      outcome: "ok",
      facts: expect.objectContaining({ service: "git-receive-pack", as: "account" }),
    }),
  )

  await broker.accounts.unlink(user, account.id)
  const reason = `${host} asks for a sign-in to push to ${host}/team/app`
  for (let times = 0; times < 2; times++) {
    const again = await push()
    expect(again.ok).toBe(false)
    expect(again.stderr).toContain(`remote: ${reason}`)
  }
  // Who watches the session is told as well, once.
  expect(noticesOf(session.id)).toEqual([expect.stringContaining(reason)])
})

it("a user's account is nobody else's: another session on the same repository stays without", async () => {
  const [mine, other] = [await broker.addSession(), await broker.addSession({ repository: address })]
  await link(mine.userId)
  const workspace = createWorkspace(broker, await startSidecar(broker, other), other.workload)
  expect((await workspace.prepare()).code).toBe(1)
})

it("a refusal says whether the app is not installed, suspended or read-only, or the person may not", async () => {
  const { session, push, workspace } = await committed()
  const installUrl = `http://${host}/github-apps/berth-test/installations/new`
  const refusals: [change: () => void, words: string][] = [
    [() => Object.assign(repository, { installation: null }), `is not installed on ${host}/team/app`],
    [() => Object.assign(repository, { installation: { suspended: true, contents: "write" } }), "is suspended"],
    [() => Object.assign(repository, { installation: { suspended: false, contents: "read" } }), "may only read"],
    [() => Object.assign(repository, privateRepository({ octo: "read" })), "the linked account itself may not write"],
    [() => Object.assign(repository, privateRepository()), "the linked account itself may not write"],
  ]
  const told: string[] = []
  for (const [change, words] of refusals) {
    change()
    // As its webhook would: what was found out before does not count any more.
    broker.forgetInstallations()
    const { ok, stderr } = await push()
    expect(ok, words).toBe(false)
    expect(stderr).toContain(words)
    told.push(stderr)
  }
  expect(told[0]).toContain(installUrl)
  expect(noticesOf(session.id)[0]).toContain(installUrl)

  Object.assign(repository, privateRepository({ octo: "write" }))
  expect(await push()).toMatchObject({ ok: true })
  github.withdraw("octo")
  for (const words of ["no longer accepts the linked account's token", "Link it again"]) {
    expect((await workspace.git("fetch")).stderr).toContain(words)
  }
  // Without any webhook, the owner sees it in his settings too.
  const [account] = await broker.accounts.list(session.userId)
  expect(account?.brokenReason).toContain("no longer accepts its token")
})
