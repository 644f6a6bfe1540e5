import { createHmac, randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { APP } from "../../../test/support/accounts/github-grants.ts"
import { deliveryOf, startGithubServer, userOf } from "../../../test/support/accounts/github-server.ts"
import { addMember, githubConfig } from "../../../test/support/http/github.ts"
import { startServer } from "../../../test/support/http/server.ts"
import { testDatabase } from "../../../test/support/postgres.ts"
import { removeScratch, scratchDirectory } from "../../../test/support/scratch.ts"

let now = Date.now()
const clock = { now: () => now, sleep: async () => {} }
const github = await startGithubServer(clock)
const host = new URL(github.url).host
const { database, openPool } = await testDatabase()
const directory = scratchDirectory("github-app")
afterAll(() => removeScratch(directory))
const config = githubConfig(directory, github.url)
const server = await startServer({ database, config, clock, fetch })
const otherReplica = await startServer({ database: openPool(), config, clock, fetch })
const callback = "http://127.0.0.1/api/linked-accounts/github/callback"
github.register(callback)

const OK = `/settings?linked=${encodeURIComponent(host)}`
const start = (cookie: string) => server.fetch("/api/linked-accounts/github", { method: "POST", cookie })

/** As far as the git host sends the browser back: the callback's path with its query. */
async function allowed(cookie: string, login = "octo"): Promise<string> {
  const { url } = (await (await start(cookie)).json()) as { url: string }
  const answer = await fetch(url, { headers: { cookie: `login=${login}` }, redirect: "manual" })
  const location = answer.headers.get("location") ?? ""
  expect(location.startsWith(`${callback}?`)).toBe(true)
  return location.slice("http://127.0.0.1".length)
}

/** Where the browser is sent from the callback. It comes from another site: it says so. */
async function comeBack(path: string, cookie: string, replica = otherReplica): Promise<string> {
  const response = await replica.fetch(path, { cookie, headers: { "sec-fetch-site": "cross-site" } })
  expect(response.status).toBe(302)
  return response.headers.get("location") ?? ""
}

async function linked(login = "octo") {
  const member = await addMember(database)
  expect(await comeBack(await allowed(member.cookie, login), member.cookie)).toBe(OK)
  return member
}

async function listOf(cookie: string, replica = server) {
  const text = await (await replica.fetch("/api/linked-accounts", { cookie })).text()
  for (const secret of ["ghu_", "ghr_", APP.clientSecret]) expect(text).not.toContain(secret)
  return JSON.parse(text) as { items: { id: string; login: string; email: string }[]; available: unknown }
}

const loginsOf = async (cookie: string, replica = server) =>
  (await listOf(cookie, replica)).items.map(({ login }) => login)

const auditOf = async (action: string, outcome: string) =>
  (await database("audit_events").where({ action, outcome }).select("facts", "address", "actor")) as {
    facts: Record<string, unknown>
    address: string
    actor: string
  }[]

describe("linking an account over HTTP", () => {
  test("goes from one replica to the host, back to another one, and is then listed without any token", async () => {
    const { cookie, userId } = await addMember(database)
    const began = await start(cookie)
    expect(began.status).toBe(200)
    const { url } = (await began.json()) as { url: string }
    const { searchParams, origin } = new URL(url)
    expect(origin).toBe(github.url)
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: APP.clientId,
      redirect_uri: callback,
      code_challenge_method: "S256",
    })
    expect(searchParams.get("state")).toMatch(/^[\w-]{43}$/)
    expect(await comeBack(await allowed(cookie), cookie)).toBe(OK)
    const list = await listOf(cookie)
    expect(list.items).toMatchObject([{ provider: "github", host, login: "octo", email: "octo@example.com" }])
    const installUrl = `${github.url}/github-apps/${APP.slug}/installations/new`
    expect(list.available).toEqual([{ provider: "github", host, installUrl }])
    expect((await auditOf("account.link", "ok")).at(-1)?.facts).toEqual({ host, login: "octo" })
    expect(await database("linked_accounts").where({ user_id: userId })).toHaveLength(1)
  })

  test("works once: the same address again changes nothing, on either replica", async () => {
    const { cookie } = await addMember(database)
    const path = await allowed(cookie)
    expect(await comeBack(path, cookie)).toBe(OK)
    const before = (await listOf(cookie)).items
    for (const replica of [server, otherReplica]) {
      expect(decodeURIComponent(await comeBack(path, cookie, replica))).toContain(
        "/settings?error=This linking was not",
      )
    }
    expect((await listOf(cookie)).items).toEqual(before)
  })

  test("cannot be finished in another user's browser, and is used up by the attempt", async () => {
    const [mine, other] = [await addMember(database), await addMember(database)]
    const path = await allowed(mine.cookie)
    expect(decodeURIComponent(await comeBack(path, other.cookie))).toContain("not begun here")
    expect(decodeURIComponent(await comeBack(path, mine.cookie))).toContain("not begun here")
    for (const { cookie } of [mine, other]) expect(await loginsOf(cookie)).toEqual([])
  })

  test("needs a sign-in, and its beginning a page of our own", async () => {
    const { cookie } = await addMember(database)
    const path = await allowed(cookie)
    expect((await server.fetch(path)).status).toBe(401)
    const elsewhere = { "sec-fetch-site": "cross-site" }
    const begun = await server.fetch("/api/linked-accounts/github", { method: "POST", cookie, headers: elsewhere })
    expect(begun.status).toBe(403)
    expect(await comeBack(path, cookie)).toBe(OK)
  })

  test("takes only the code that belongs to its state, and no state that it has not given out", async () => {
    const { cookie } = await addMember(database)
    const [first, second] = [new URL(await allowed(cookie), callback), new URL(await allowed(cookie), callback)]
    first.searchParams.set("code", second.searchParams.get("code") ?? "")
    expect(await comeBack(first.pathname + first.search, cookie)).toContain("bad_verification_code")
    for (const state of ["", "A".repeat(43), "x".repeat(256)]) {
      second.searchParams.set("state", state)
      expect(decodeURIComponent(await comeBack(second.pathname + second.search, cookie))).toContain("not begun here")
    }
    expect(await loginsOf(cookie)).toEqual([])
  })

  test("is over after ten minutes, at the host and here", async () => {
    const { cookie } = await addMember(database)
    const late = await allowed(cookie)
    now += 601_000
    expect(await comeBack(late, cookie)).toContain("bad_verification_code")
    const later = await allowed(cookie)
    await database("link_attempts").update({ expires_at: new Date(Date.now() - 1_000) })
    expect(decodeURIComponent(await comeBack(later, cookie))).toContain("too old")
  })

  test("may be begun again and again, but only the last twenty beginnings of a user are kept", async () => {
    const { cookie, userId } = await addMember(database)
    const first = await allowed(cookie)
    for (let times = 0; times < 19; times++) await start(cookie)
    const last = await allowed(cookie)
    expect(await database("link_attempts").where({ user_id: userId })).toHaveLength(20)
    expect(decodeURIComponent(await comeBack(first, cookie))).toContain("not begun here")
    expect(await comeBack(last, cookie)).toBe(OK)
  })

  test("tells in words that the user said no, and that the host is down", async () => {
    const { cookie } = await addMember(database)
    const denied = new URL(await allowed(cookie), callback)
    denied.searchParams.delete("code")
    denied.searchParams.set("error", "access_denied")
    expect(await comeBack(denied.pathname + denied.search, cookie)).toContain("access_denied")
    const path = await allowed(cookie)
    github.break(true)
    const words = await comeBack(path, cookie)
    github.break(false)
    expect(decodeURIComponent(words)).toContain("HTTP 503")
    expect(await loginsOf(cookie)).toEqual([])
  })

  test("falls back to the address that the host puts into commits when the app may not read addresses", async () => {
    github.letReadEmails(false)
    const { cookie } = await linked("shy")
    github.letReadEmails(true)
    expect((await listOf(cookie)).items).toMatchObject([{ email: `${userOf("shy").id}+shy@users.noreply.127.0.0.1` }])
  })
})

describe("unlinking an account over HTTP", () => {
  test("ends the grant at the host, once, and for its owner only", async () => {
    const [mine, other] = [await linked("leaver"), await addMember(database)]
    const [account] = (await listOf(mine.cookie)).items
    const unlink = (cookie: string, headers = {}) =>
      server.fetch(`/api/linked-accounts/${account?.id}`, { method: "DELETE", cookie, headers })
    const before = github.counts.revocations
    expect((await unlink(other.cookie)).status).toBe(404)
    expect((await unlink(mine.cookie, { "sec-fetch-site": "cross-site" })).status).toBe(403)
    expect(github.counts.revocations).toBe(before)
    expect((await unlink(mine.cookie)).status).toBe(204)
    expect(github.counts.revocations).toBe(before + 1)
    expect(await loginsOf(mine.cookie, otherReplica)).toEqual([])
    expect((await unlink(mine.cookie)).status).toBe(404)
  })
})

test("an account that two have linked is ended for one of them only; linked again, its former token ends", async () => {
  const [one, two] = [await linked("shared"), await linked("shared")]
  const unlink = async (cookie: string) => {
    const [account] = (await listOf(cookie)).items
    expect((await server.fetch(`/api/linked-accounts/${account?.id}`, { method: "DELETE", cookie })).status).toBe(204)
  }
  const before = github.counts.revocations
  expect(github.tokensOf("shared")).toBe(2)
  expect(await comeBack(await allowed(two.cookie, "shared"), two.cookie)).toBe(OK)
  expect(github.tokensOf("shared")).toBe(2)
  await unlink(one.cookie)
  expect([github.tokensOf("shared"), github.counts.revocations]).toEqual([1, before])
  await unlink(two.cookie)
  expect([github.tokensOf("shared"), github.counts.revocations]).toEqual([0, before + 1])
})

type Signed = ReturnType<typeof deliveryOf>

describe("what GitHub tells by webhook", () => {
  const post = ({ headers, body }: Signed, changes: Record<string, string | undefined> = {}, at = server) => {
    const all = Object.entries({ ...headers, ...changes }).filter(([, value]) => value !== undefined)
    // As a server does: no Origin, no cookie.
    return fetch(`${at.url}/api/linked-accounts/github/webhook`, {
      method: "POST",
      headers: Object.fromEntries(all) as Record<string, string>,
      body: Uint8Array.from(body),
    })
  }
  const revoked = (login: string, id?: string) =>
    deliveryOf("github_app_authorization", { action: "revoked", sender: userOf(login) }, id)

  test("a revoked authorization unlinks the account at once, for everybody who had linked it, on every replica", async () => {
    const [one, two] = [await linked("revoker"), await linked("revoker")]
    github.withdraw("revoker")
    const delivery = revoked("revoker")
    expect((await post(delivery)).status).toBe(204)
    for (const { cookie } of [one, two]) expect(await loginsOf(cookie, otherReplica)).toEqual([])
    const told = (await auditOf("account.unlink", "ok")).filter(({ actor }) => actor === host)
    expect(told.map(({ facts }) => facts["userId"])).toEqual(expect.arrayContaining([one.userId, two.userId]))
    expect(told.at(-1)?.facts["delivery"]).toBe(delivery.headers["x-github-delivery"])
  })

  test("a repeat of it changes nothing, neither as it was nor under another id", async () => {
    const delivery = revoked("again")
    const { cookie } = await linked("again")
    github.withdraw("again")
    expect((await post(delivery)).status).toBe(204)
    const link = async () => expect(await comeBack(await allowed(cookie, "again"), cookie)).toBe(OK)
    await link()
    const events = (await auditOf("account.unlink", "refused")).length
    expect((await post(delivery, {}, otherReplica)).status).toBe(204)
    expect((await auditOf("account.unlink", "refused")).length).toBe(events)
    // Neither id nor time are signed: GitHub itself is asked whether the account is over.
    expect((await post(delivery, { "x-github-delivery": randomUUID() })).status).toBe(204)
    expect(await loginsOf(cookie)).toEqual(["again"])
    expect((await auditOf("account.unlink", "refused")).length).toBeGreaterThan(events)
  })

  test("it counts also when GitHub cannot be asked, and after the token's end", async () => {
    const [down, late] = [await linked("down"), await linked("late")]
    github.break(true)
    expect((await post(revoked("down"))).status).toBe(204)
    github.break(false)
    expect(await loginsOf(down.cookie)).toEqual([])
    expect(await comeBack(await allowed(late.cookie, "late"), late.cookie)).toBe(OK)
    now += 9 * 3_600_000
    // Renewed for the question: an event sent again long after does no harm either.
    expect((await post(revoked("late"))).status).toBe(204)
    expect(await loginsOf(late.cookie)).toEqual(["late"])
    github.withdraw("late")
    now += 9 * 3_600_000
    expect((await post(revoked("late"))).status).toBe(204)
    expect(await loginsOf(late.cookie)).toEqual([])
  })

  test("sent again while GitHub cannot be asked, it unlinks nobody who has linked anew, under whichever id", async () => {
    const delivery = revoked("anew")
    const { cookie } = await linked("anew")
    github.withdraw("anew")
    expect((await post(delivery)).status).toBe(204)
    expect(await comeBack(await allowed(cookie, "anew"), cookie)).toBe(OK)
    github.break(true)
    const id = randomUUID()
    for (const at of [server, otherReplica]) {
      const response = await post(delivery, { "x-github-delivery": id }, at)
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"])
    }
    github.break(false)
    expect(await loginsOf(cookie)).toEqual(["anew"])
    // What was answered so has not counted: with GitHub back, the same one does.
    github.withdraw("anew")
    expect((await post(delivery, { "x-github-delivery": id })).status).toBe(204)
    expect(await loginsOf(cookie)).toEqual([])
  })

  test("nothing counts without the right signature of these very bytes", async () => {
    const { cookie } = await linked("steady")
    github.withdraw("steady")
    const delivery = revoked("steady")
    const signed = (secret: string, algorithm = "sha256") =>
      `${algorithm}=${createHmac(algorithm, secret).update(delivery.body).digest("hex")}`
    const right = signed(APP.webhookSecret)
    const wrong: (string | undefined)[] = [
      undefined,
      "",
      signed("another secret"),
      signed(APP.webhookSecret, "sha1"),
      right.slice("sha256=".length),
      right.toUpperCase(),
      `${right}00`,
      right.slice(0, -2),
      `${right}, ${right}`,
      `sha256=${"0".repeat(64)}`,
    ]
    for (const signature of wrong) {
      expect((await post(delivery, { "x-hub-signature-256": signature })).status, signature).toBe(401)
    }
    const altered = { ...delivery, body: Buffer.concat([delivery.body, Buffer.from(" ")]) }
    expect((await post(altered)).status).toBe(401)
    expect(await loginsOf(cookie)).toEqual(["steady"])
    expect((await auditOf("webhook.receive", "refused")).length).toBe(wrong.length + 1)
    expect((await post(delivery)).status).toBe(204)
    expect(await loginsOf(cookie)).toEqual([])
  })

  test("many wrong signatures are limited; the right one still passes", async () => {
    const statuses = new Set<number>()
    for (let times = 0; times < 30; times++) {
      const response = await post(revoked("nobody"), { "x-hub-signature-256": "sha256=00" }, otherReplica)
      statuses.add(response.status)
      if (response.status === 429) expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0)
    }
    expect([...statuses].sort()).toEqual([401, 429])
    expect((await post(deliveryOf("ping", { zen: "Speak like a human." }), {}, otherReplica)).status).toBe(204)
  })

  test("size, JSON and the delivery's id are checked; other events change nothing", async () => {
    const large = deliveryOf("installation", { padding: "x".repeat(1024 * 1024) })
    expect((await post(large)).status).toBe(413)
    const signed = (text: string) => {
      const body = Buffer.from(text)
      const signature = `sha256=${createHmac("sha256", APP.webhookSecret).update(body).digest("hex")}`
      return { body, headers: { ...revoked("x").headers, "x-hub-signature-256": signature } }
    }
    for (const text of ["payload=%7B%7D", "[", "null", '"x"', '{"action":"revoked"}']) {
      expect((await post(signed(text))).status, text).toBe(400)
    }
    expect((await post(revoked("x"), { "x-github-delivery": "1" })).status).toBe(400)
    const { cookie } = await linked("bystander")
    github.withdraw("bystander")
    for (const [event, payload] of [
      ["github_app_authorization", { action: "granted", sender: userOf("bystander") }],
      ["push", { action: "revoked", sender: userOf("bystander") }],
      ["github_app_authorization", { action: "revoked", sender: { id: 8 } }],
    ] as const) {
      expect((await post(deliveryOf(event, payload))).status).toBe(204)
    }
    expect(await loginsOf(cookie)).toEqual(["bystander"])
  })

  test("changes of installations are on record", async () => {
    const id = randomUUID()
    const delivery = deliveryOf("installation", { action: "deleted", installation: { account: { login: "team" } } }, id)
    for (const replica of [server, otherReplica]) expect((await post(delivery, {}, replica)).status).toBe(204)
    const told = (await auditOf("installation.change", "ok")).filter(({ facts }) => facts["delivery"] === id)
    expect(told.map(({ facts }) => facts)).toEqual([{ host, delivery: id, action: "deleted", account: "team" }])
  })

  test("without a webhook secret, or for another host, there is no such address", async () => {
    const bare = await startServer({ database, config: githubConfig(join(directory, "bare"), github.url), fetch })
    rmSync(join(directory, "bare", "webhookSecret"))
    expect((await post(revoked("x"), {}, bare)).status).toBe(404)
    const elsewhere = await fetch(`${server.url}/api/linked-accounts/gitlab/webhook`, { method: "POST", body: "{}" })
    expect(elsewhere.status).toBe(404)
  })
})
