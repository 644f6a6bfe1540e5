import { afterAll, expect, test, vi } from "vitest"
import { privateRepository } from "../../../../test/support/accounts/github-repositories.ts"
import { deliveryOf, startGithubServer } from "../../../../test/support/accounts/github-server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { Secret } from "../../crypto/index.ts"
import { createNotifications } from "../../database/index.ts"
import { createLogger } from "../../observability/index.ts"
import { systemClock } from "../../time/index.ts"
import { createGithub } from "./github/github.ts"
import { createInstallations } from "./installations.ts"
import { createAccountWebhooks } from "./webhooks.ts"

const patience = { timeout: 60_000, interval: 20 }
let now = Date.now()
const clock = { ...systemClock, now: () => now }
const github = await startGithubServer(clock)
const { database, url } = await testDatabase()
const logged: string[] = []
const log = createLogger({ level: "info", replica: "test", destination: { write: (line) => void logged.push(line) } })
const repository = privateRepository({ octo: "write" })
github.repositories.set("team/app", repository)
const real = createGithub({ app: github.app, fetch, now: clock.now })
const { host } = real

/** What one replica has, and how often it has asked GitHub. */
function replica(app = github.app) {
  const asked: string[] = []
  const counting: typeof fetch = (input, init) => {
    asked.push(String(input))
    return fetch(input, init)
  }
  const providers = [createGithub({ app, fetch: counting, now: clock.now })]
  const notifications = createNotifications({ url, log, clock: systemClock })
  afterAll(() => notifications.close())
  const heard: (string | null)[] = []
  notifications.subscribe("berth_accounts", (payload) => void heard.push(payload))
  return { asked, heard, ...createInstallations({ providers, clock, log, notifications }) }
}

test("what was found out is kept for a minute, and dropped on every replica by what GitHub tells", async () => {
  const [one, two] = [replica(), replica()]
  // Connecting drops everything too: it has to be over first.
  await vi.waitFor(() => expect([one.heard, two.heard]).toEqual([[null], [null]]), patience)
  repository.installation = null
  const missing = { code: "app_not_installed", installUrl: `${github.url}/github-apps/berth-test/installations/new` }
  for (const { obstacle } of [one, two, one, two]) {
    expect(await obstacle(host, "team/app", "write")).toMatchObject(missing)
  }
  expect([one.asked, two.asked].map(({ length }) => length)).toEqual([1, 1])
  now += 60_001
  await one.obstacle(host, "team/app", "read")
  expect(one.asked).toHaveLength(2)

  repository.installation = { suspended: false, contents: "read" }
  const audit = { record: async () => {} }
  const webhooks = createAccountWebhooks({ database, audit, log, providers: [real], tokenOf: async () => null })
  await webhooks.receive("github", deliveryOf("installation", { action: "created" }), { address: "x", requestId: "x" })
  await vi.waitFor(() => {
    expect([one.heard, two.heard]).toEqual([
      [null, host],
      [null, host],
    ])
  }, patience)
  for (const { obstacle } of [one, two]) {
    expect(await obstacle(host, "team/app", "write")).toMatchObject({ code: "app_read_only", installUrl: null })
    expect(await obstacle(host, "team/app", "read")).toMatchObject({ code: "account_refused" })
  }
})

test("where GitHub cannot be asked nothing is claimed, and the operator finds out why", async () => {
  github.break(true)
  expect(await replica().obstacle(host, "team/app", "read")).toBeNull()
  github.break(false)
  const wrongId = replica({ ...github.app, id: "1" })
  expect(await wrongId.obstacle(host, "team/app", "read")).toBeNull()
  const notPem = replica({ ...github.app, privateKey: async () => new Secret("canary-key") })
  expect(await notPem.obstacle(host, "team/app", "read")).toBeNull()
  expect(logged.filter((line) => line.includes("could not ask whether the app is installed"))).toHaveLength(3)
  expect(logged.join()).not.toContain("canary-key")

  const without = replica({ ...github.app, privateKey: async () => null })
  for (const path of ["team/app", "app", "team/app/more", "../team"]) {
    expect(await without.obstacle(host, path, "read")).toBeNull()
  }
  expect(without.asked).toEqual([])
  expect(await replica().obstacle("git.example.com", "team/app", "read")).toBeNull()
})
