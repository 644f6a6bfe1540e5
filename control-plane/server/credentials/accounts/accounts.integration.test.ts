import { describe, expect, it } from "vitest"
import { APP } from "../../../../test/support/accounts/github-grants.ts"
import { startGithubServer } from "../../../../test/support/accounts/github-server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import type { AuditEvent } from "../../audit/types.ts"
import { newId, Secret } from "../../crypto/index.ts"
import { createLogger } from "../../observability/index.ts"
import { createVault } from "../vault/vault.ts"
import { createAccountAccess } from "./access.ts"
import { createLinkedAccounts } from "./accounts.ts"
import { createGithub } from "./github/github.ts"

const HOUR_MS = 3_600_000
let now = Date.now()
const clock = { now: () => now, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 25)) }
const github = await startGithubServer(clock)
const { database, openPool } = await testDatabase()
const logged: string[] = []
const audited: AuditEvent[] = []
const log = createLogger({ level: "debug", replica: "test", destination: { write: (line) => void logged.push(line) } })
const vault = createVault({ keys: [{ id: "one", key: new Secret(Buffer.alloc(32, 1).toString("base64")) }] })
const { app } = github
const provider = createGithub({ app, fetch, now: clock.now })
const { host } = provider
const redirectUri = (id: string) => `https://agents.example.com/api/linked-accounts/${id}/callback`
github.register(redirectUri("github"))

/** What one replica has. */
function replica(pool = database) {
  const providers = [provider]
  const audit = { record: async (event: AuditEvent) => void audited.push(event) }
  return {
    accounts: createLinkedAccounts({ database: pool, vault, audit, log, providers, redirectUri }),
    access: createAccountAccess({ database: pool, vault, clock, log, providers }),
  }
}
const { accounts, access } = replica()

async function addUser() {
  const userId = newId("usr")
  const email = `${userId}@example.com`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "Ada" })
  return { userId, email }
}

async function linked(login = "octo") {
  const user = await addUser()
  const { url } = await accounts.begin(user, "github")
  const { state, code } = github.authorize(url, { id: 7, login })
  return { ...user, account: await accounts.complete(user, "github", { state, code }) }
}

const tokenOf = (header: Secret | null) =>
  Buffer.from(header?.reveal().replace("Basic ", "") ?? "", "base64")
    .toString()
    .split(":")[1] ?? ""

describe("linking an account", () => {
  it("goes through the host and back; commits then carry its name and address", async () => {
    const { userId, account } = await linked()
    expect(account).toMatchObject({
      provider: "github",
      host,
      login: "octo",
      email: "octo@example.com",
      brokenReason: null,
    })
    expect(await access.identity(userId, host)).toEqual({ name: "Name of octo", email: "octo@example.com" })
    expect(await accounts.list(userId)).toEqual([account])
    const header = await access.gitAuthorization(userId, host)
    expect(github.accepts(tokenOf(header))).toBe(true)
    expect(await access.gitAuthorization(userId, "gitlab.com")).toBeNull()
  })

  it("works once for each beginning", async () => {
    const user = await addUser()
    const { url } = await accounts.begin(user, "github")
    const { state, code } = github.authorize(url)
    await accounts.complete(user, "github", { state, code })
    await expect(accounts.complete(user, "github", { state, code })).rejects.toThrow("Begin again")
  })

  it("of one user cannot be finished by another, nor with another beginning's code", async () => {
    const [mine, other] = [await addUser(), await addUser()]
    const first = github.authorize((await accounts.begin(mine, "github")).url)
    await expect(accounts.complete(other, "github", first)).rejects.toThrow("not begun here")
    await expect(accounts.complete(mine, "github", first)).rejects.toThrow("not begun here")
    const second = github.authorize((await accounts.begin(mine, "github")).url)
    const swapped = { state: second.state, code: first.code }
    await expect(accounts.complete(mine, "github", swapped)).rejects.toThrow("bad_verification_code")
    expect(await accounts.list(other.userId)).toEqual([])
  })

  it("is refused in words: the user said no, no state, a host that nobody configured", async () => {
    const user = await addUser()
    const { state } = github.authorize((await accounts.begin(user, "github")).url)
    await expect(accounts.complete(user, "github", { state, error: "access_denied" })).rejects.toThrow("access_denied")
    await expect(accounts.complete(user, "github", { code: "x" })).rejects.toThrow("not begun here")
    await expect(accounts.begin(user, "gitlab")).rejects.toMatchObject({ code: "not_found" })
  })

  it("again takes the place of the earlier account", async () => {
    const { userId, email } = await linked("first")
    const { state, code } = github.authorize((await accounts.begin({ userId, email }, "github")).url, {
      id: 8,
      login: "second",
    })
    await accounts.complete({ userId, email }, "github", { state, code })
    expect((await accounts.list(userId)).map(({ login }) => login)).toEqual(["second"])
  })
})

it("linked in two tabs at the same time, the last one stays, and no other token is left over", async () => {
  const user = await addUser()
  const replicas = [accounts, replica(openPool()).accounts, replica(openPool()).accounts, accounts]
  const tabs = await Promise.all(
    replicas.map(async (on) => ({
      on,
      ...github.authorize((await on.begin(user, "github")).url, { id: 9, login: "tabs" }),
    })),
  )
  await Promise.all(tabs.map(({ on, state, code }) => on.complete(user, "github", { state, code })))
  expect(await accounts.list(user.userId)).toHaveLength(1)
  expect(github.accepts(tokenOf(await access.gitAuthorization(user.userId, host)))).toBe(true)
  expect(github.tokensOf("tabs")).toBe(1)
})

describe("unlinking", () => {
  it("bites at once and ends the grant at the host", async () => {
    const user = await linked()
    const token = tokenOf(await access.gitAuthorization(user.userId, host))
    await accounts.unlink(user, user.account.id)
    expect(await access.gitAuthorization(user.userId, host)).toBeNull()
    expect(github.accepts(token)).toBe(false)
  })

  it("is done here also when the host cannot be reached; nobody unlinks another's", async () => {
    const user = await linked()
    await expect(accounts.unlink(await addUser(), user.account.id)).rejects.toMatchObject({ code: "not_found" })
    github.break(true)
    await accounts.unlink(user, user.account.id)
    github.break(false)
    expect(await accounts.list(user.userId)).toEqual([])
  })
})

describe("a token near its end", () => {
  it("is renewed once for 1,000 requests on three replicas", async () => {
    const { userId } = await linked()
    now += 8 * HOUR_MS - 60_000
    const before = github.counts.refreshes
    const replicas = [access, replica(openPool(20)).access, replica(openPool(20)).access]
    const headers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => replicas[index % 3]?.gitAuthorization(userId, host)),
    )
    expect(github.counts.refreshes - before).toBe(1)
    const tokens = new Set(headers.map((header) => tokenOf(header ?? null)))
    expect(tokens.size).toBe(1)
    expect([...tokens].every((token) => github.accepts(token))).toBe(true)
  })

  it("is used to its end while the host has trouble, and then told as such", async () => {
    const { userId } = await linked()
    const token = tokenOf(await access.gitAuthorization(userId, host))
    github.break(true)
    now += 8 * HOUR_MS - 60_000
    expect(tokenOf(await access.gitAuthorization(userId, host))).toBe(token)
    now += 61_000
    await expect(access.gitAuthorization(userId, host)).rejects.toMatchObject({ code: "upstream_refused" })
    github.break(false)
    expect(github.accepts(tokenOf(await access.gitAuthorization(userId, host)))).toBe(true)
  })

  it("that the host does not renew breaks the account until it is linked again", async () => {
    const { userId, email } = await linked("leaver")
    github.withdraw("leaver")
    now += 8 * HOUR_MS
    await expect(access.gitAuthorization(userId, host)).rejects.toThrow("Link it again")
    const before = github.counts.refreshes
    await expect(access.gitAuthorization(userId, host)).rejects.toThrow("Link it again")
    expect(github.counts.refreshes).toBe(before)
    expect((await accounts.list(userId))[0]?.brokenReason).toContain("bad_refresh_token")
    const { state, code } = github.authorize((await accounts.begin({ userId, email }, "github")).url)
    await accounts.complete({ userId, email }, "github", { state, code })
    expect(await access.gitAuthorization(userId, host)).not.toBeNull()
  })

  it("does not break the account when it is the installation's client secret that is wrong", async () => {
    const { userId } = await linked()
    const wrong = createGithub({
      app: { ...app, clientSecret: async () => new Secret("wrong") },
      fetch,
      now: clock.now,
    })
    const misconfigured = createAccountAccess({ database, vault, clock, log, providers: [wrong] })
    now += 8 * HOUR_MS
    await expect(misconfigured.gitAuthorization(userId, host)).rejects.toThrow("Tell the operator")
    expect(await access.gitAuthorization(userId, host)).not.toBeNull()
  })

  it("of a user whose account was unlinked meanwhile is not renewed", async () => {
    const user = await linked()
    now += 8 * HOUR_MS
    const before = github.counts.refreshes
    await database("linked_accounts").where({ id: user.account.id }).delete()
    expect(await access.gitAuthorization(user.userId, host)).toBeNull()
    expect(github.counts.refreshes).toBe(before)
  })
})

it("no token, verifier or client secret is in the database, the log or the audit log in plain", async () => {
  const { userId } = await linked()
  const token = tokenOf(await access.gitAuthorization(userId, host))
  const rows = await database.raw("SELECT t::text FROM linked_accounts t UNION ALL SELECT t::text FROM link_attempts t")
  const bytes = await database.raw("SELECT encode(tokens_sealed, 'escape') AS text FROM linked_accounts")
  const everything = JSON.stringify([rows.rows, bytes.rows, logged, audited])
  for (const secret of [token, "ghu_", "ghr_", APP.clientSecret]) expect(everything).not.toContain(secret)
  expect(audited.map(({ action }) => action)).toContain("account.unlink")
})

it("GitHub, its clouds with data residency and its servers each have their own addresses", async () => {
  const addresses = async (baseUrl: string, slug: string) => {
    const seen: string[] = []
    const fake: typeof fetch = async (input) => {
      seen.push(String(input))
      return new Response(JSON.stringify({ id: 1, login: "a", name: null, email: "a@b.c" }))
    }
    const one = createGithub({ app: { ...app, baseUrl, slug }, fetch: fake, now: () => 0 })
    await one.identify(new Secret("t"))
    return [...seen, one.authorizeUrl({ state: "s", challenge: "c", redirectUri: "r" }).origin, one.installUrl]
  }
  expect(await addresses("https://github.com", "berth")).toEqual([
    "https://api.github.com/user",
    "https://github.com",
    "https://github.com/apps/berth/installations/new",
  ])
  expect(await addresses("https://octo.ghe.com", "team/berth")).toEqual([
    "https://api.octo.ghe.com/user",
    "https://octo.ghe.com",
    "https://octo.ghe.com/apps/team/berth/installations/new",
  ])
  expect(await addresses("https://ghe.example.com", "berth")).toEqual([
    "https://ghe.example.com/api/v3/user",
    "https://ghe.example.com",
    "https://ghe.example.com/github-apps/berth/installations/new",
  ])
  expect((await addresses("https://github.com", "")).at(-1)).toBeNull()
})
