import { describe, expect, it, vi } from "vitest"
import { startGithubServer } from "../../../../test/support/accounts/github-server.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { newId, Secret } from "../../crypto/index.ts"
import { createLogger } from "../../observability/index.ts"
import { createVault } from "../vault/vault.ts"
import { createAccountAccess } from "./access.ts"
import { createLinkedAccounts } from "./accounts.ts"
import { createGithub } from "./github/github.ts"
import type { AccountProvider } from "./provider.ts"

const patience = { timeout: 30_000 }
const now = Date.now()
const clock = { now: () => now, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 25)) }
const github = await startGithubServer(clock)
const { database, openPool } = await testDatabase()
const log = createLogger({ level: "silent", replica: "test" })
const vault = createVault({ keys: [{ id: "one", key: new Secret(Buffer.alloc(32, 1).toString("base64")) }] })
const real = createGithub({ app: github.app, fetch, now: clock.now })
const { host } = real
const redirectUri = "https://agents.example.com/api/linked-accounts/github/callback"
github.register(redirectUri)

function replica(pool = database, provider: AccountProvider = real) {
  const parts = { database: pool, vault, log, providers: [provider] }
  const audit = { record: async () => undefined }
  return {
    accounts: createLinkedAccounts({ ...parts, audit, redirectUri: () => redirectUri }),
    access: createAccountAccess({ ...parts, clock }),
  }
}
const { accounts, access } = replica()

/** A user with an account whose token is over. */
async function due(login: string) {
  const userId = newId("usr")
  const email = `${userId}@example.com`
  await database("users").insert({ id: userId, issuer: "test", subject: userId, email, name: "Ada" })
  const { url } = await accounts.begin({ userId, email }, "github")
  const answer = github.authorize(url, { id: Math.trunc(Math.random() * 1e9), login })
  const account = await accounts.complete({ userId, email }, "github", answer)
  await database("linked_accounts")
    .where({ id: account.id })
    .update({ access_expires_at: new Date(now) })
  return { userId, email, account }
}

/** A host that has renewed a token and takes its time to say so: `asked` counts who waits. */
function slowHost() {
  const gate = Promise.withResolvers<void>()
  const told = { asked: 0 }
  const provider: AccountProvider = {
    ...real,
    async refresh(token) {
      const tokens = await real.refresh(token)
      told.asked += 1
      await gate.promise
      return tokens
    },
  }
  return { provider, told, answer: () => gate.resolve() }
}

async function works(on: typeof access, userId: string): Promise<boolean> {
  const header = (await on.gitAuthorization(userId, host))?.reveal().replace("Basic ", "") ?? ""
  return github.accepts(Buffer.from(header, "base64").toString().split(":")[1] ?? "")
}

describe("while a git host takes its time to renew tokens", () => {
  it("no connection to the database is held", async () => {
    const slow = slowHost()
    const pool = openPool(2)
    const users = await Promise.all(["a1", "a2", "a3", "a4"].map(due))
    const { access: slowly } = replica(pool, slow.provider)
    const all = Promise.all(users.map(({ userId }) => works(slowly, userId)))
    await vi.waitFor(() => expect(slow.told.asked).toBe(users.length), patience)
    expect((await pool.raw("SELECT 1 AS one")).rows).toEqual([{ one: 1 }])
    slow.answer()
    expect(await all).toEqual(users.map(() => true))
  })

  it("another replica waits for it and asks nobody", async () => {
    const slow = slowHost()
    const { userId } = await due("waits")
    const before = github.counts.refreshes
    const first = works(replica(database, slow.provider).access, userId)
    await vi.waitFor(() => expect(slow.told.asked).toBe(1), patience)
    const second = works(access, userId)
    slow.answer()
    expect(await Promise.all([first, second])).toEqual([true, true])
    expect(github.counts.refreshes - before).toBe(1)
  })

  it("an account that is unlinked leaves no token behind", async () => {
    const slow = slowHost()
    const user = await due("leaves")
    const renewed = works(replica(database, slow.provider).access, user.userId)
    await vi.waitFor(() => expect(slow.told.asked).toBe(1), patience)
    await accounts.unlink(user, user.account.id)
    slow.answer()
    await renewed.catch(() => undefined)
    await vi.waitFor(() => expect(github.tokensOf("leaves")).toBe(0), patience)
  })
})

it("a turn that was never ended is over after a minute", async () => {
  const { userId, account } = await due("died")
  const row = database("linked_accounts").where({ id: account.id })
  await row.clone().update({ renewing_until: database.raw("now() - interval '1 second'") })
  expect(await works(access, userId)).toBe(true)
  expect((await row.clone().first("renewing_until")).renewing_until).toBeNull()
})

describe("renewed tokens that the database does not take", () => {
  it("are used meanwhile and stored when it does; nobody has to link again", async () => {
    const { userId } = await due("disk")
    const one = replica().access
    const before = github.counts.refreshes
    await database.raw(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
    await database.raw(
      "CREATE TRIGGER no_room BEFORE UPDATE OF tokens_sealed ON linked_accounts EXECUTE FUNCTION no_room()",
    )
    expect(await works(one, userId)).toBe(true)
    expect(await works(one, userId)).toBe(true)
    await database.raw("DROP FUNCTION no_room CASCADE")
    const stored = () => database("linked_accounts").where({ user_id: userId }).first("access_expires_at")
    await vi.waitFor(async () => {
      await works(one, userId)
      expect((await stored()).access_expires_at.getTime()).toBeGreaterThan(now)
    }, patience)
    expect(await works(replica(openPool()).access, userId)).toBe(true)
    expect(github.counts.refreshes - before).toBe(1)
  })
})
