import { generateKeyPairSync } from "node:crypto"
import { afterAll, beforeEach, describe, expect, test } from "vitest"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { freePort } from "../../../../test/support/scratch.ts"
import { ADMIN, startServer, testConfig } from "../../http/testing/server.ts"
import { Browser } from "./testing/browser.ts"
import { CLIENT_SECRET, CLIENTS, startProvider, type Tampering } from "./testing/provider.ts"

const { database } = await testDatabase()
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
let now = Date.now()
const clock = { now: () => now, sleep: async () => undefined }

const kinds = ["confidential", "basic", "public"] as const
const ports = {
  confidential: await freePort(),
  basic: await freePort(),
  public: await freePort(),
  second: await freePort(),
  linking: await freePort(),
}
const uris = Object.values(ports).map((port) => `http://127.0.0.1:${port}/api/auth/callback/corp`)
const provider = await startProvider({ redirectUris: uris, homeUri: `http://127.0.0.1:${ports.confidential}/` })
const second = await startProvider({ redirectUris: uris, homeUri: "http://127.0.0.1/" })
afterAll(() => Promise.all([provider.stop(), second.stop()]))

function configFor(kind: (typeof kinds)[number], port: number, issuer: string, more: object = {}) {
  const publicClient = kind === "public"
  const oidc = {
    enabled: true,
    providerId: "corp",
    issuer,
    clientId: CLIENTS[kind],
    publicClient,
    allowInsecureIssuer: true,
    scopes: ["openid", "email", "profile", "groups"],
    tokenEndpointAuthMethod: kind === "basic" ? "client_secret_basic" : "client_secret_post",
    ...more,
  }
  const file = { public: { host: `127.0.0.1:${port}`, pathPrefix: "/", tls: false }, oidc }
  const env = { BERTH_HTTP_LISTEN: `127.0.0.1:${port}`, ...(publicClient ? {} : { OIDC_CLIENT_SECRET: CLIENT_SECRET }) }
  return testConfig(file, env)
}
const start = (kind: (typeof kinds)[number]) =>
  startServer({ database, clock, config: configFor(kind, ports[kind], provider.issuer) })
const servers = {
  confidential: await start("confidential"),
  basic: await start("basic"),
  public: await start("public"),
}

beforeEach(() => {
  now = Date.now()
  provider.tampering = {}
  provider.refreshTokens = true
  provider.account = { sub: "ann", email: "ann@example.com", email_verified: true, name: "Ann", groups: ["dev"] }
})

const isCallback = (url: URL) => url.pathname.startsWith("/api/auth/callback/")

async function signIn(server: { url: string }, browser = new Browser(), back = "/settings?tab=1") {
  const { url } = await browser.go(
    `${server.url}/api/auth/login/corp?return=${encodeURIComponent(back)}`,
    (at) => at.origin === server.url && !at.pathname.startsWith("/api/"),
  )
  const me = await fetch(`${server.url}/api/me`, { headers: { cookie: browser.cookieOf(server.url) } })
  return {
    url,
    browser,
    me: me.status === 200 ? ((await me.json()) as { id: string; email: string; role: string }) : null,
  }
}

/** Asks what became of a sign-in that must fail: the words that the person sees. */
async function refusal(server: { url: string }, tampering: Tampering): Promise<string> {
  provider.tampering = tampering
  const { url, me } = await signIn(server)
  expect(me).toBeNull()
  expect(url.pathname).toBe("/sign-in")
  return url.searchParams.get("error") ?? ""
}

describe.each(kinds)("a %s client", (kind) => {
  const server = servers[kind]

  test("signs a person in, with PKCE, and leads back to where he was", async () => {
    const first: URL[] = []
    await new Browser().go(`${server.url}/api/auth/login/corp`, (at) => {
      if (at.origin === provider.issuer) first.push(at)
      return first.length > 0
    })
    const asked = Object.fromEntries(first[0]?.searchParams ?? [])
    expect(asked).toMatchObject({ response_type: "code", code_challenge_method: "S256", client_id: CLIENTS[kind] })
    expect(asked.redirect_uri).toBe(`${server.url}/api/auth/callback/corp`)
    const { url, me } = await signIn(server)
    expect(url.pathname + url.search).toBe("/settings?tab=1")
    expect(me).toMatchObject({ email: "ann@example.com", role: "member" })
    const [user] = await database("users").where({ subject: "ann", issuer: provider.issuer })
    expect(user.id).toBe(me?.id)
  })

  test.each<[string, Tampering]>([
    ["an ID token without signature", { idToken: () => ({ key: null }) }],
    ["an ID token signed by somebody else", { idToken: () => ({ key: stranger }) }],
    ["an ID token with an unknown key id", { idToken: (_claims, header) => ((header.kid = "other"), {}) }],
    ["an ID token for another client", { idToken: (claims) => ((claims.aud = "other"), {}) }],
    ["an ID token of another issuer", { idToken: (claims) => ((claims.iss = "http://127.0.0.1:1"), {}) }],
    ["an ID token without subject", { idToken: (claims) => (delete claims.sub, {}) }],
    ["an ID token without time of issue", { idToken: (claims) => (delete claims.iat, {}) }],
    ["an ID token without expiry", { idToken: (claims) => (delete claims.exp, {}) }],
    ["an expired ID token", { idToken: (claims) => ((claims.exp = 1_000_000), {}) }],
    ["an ID token with another nonce", { idToken: (claims) => ((claims.nonce = "other"), {}) }],
    ["an ID token without nonce", { idToken: (claims) => (delete claims.nonce, {}) }],
    ["no ID token", { json: { "/token": ({ id_token: _gone, ...rest }) => rest } }],
    ["user information about somebody else", { json: { "/me": (body) => ({ ...body, sub: "eve" }) } }],
    [
      "an answer of another issuer (mix-up)",
      { callback: (url) => url.searchParams.set("iss", "https://evil.example") },
    ],
    ["an answer that does not say its issuer", { callback: (url) => url.searchParams.delete("iss") }],
    ["another state", { callback: (url) => url.searchParams.set("state", "other") }],
    ["no state", { callback: (url) => url.searchParams.delete("state") }],
    ["no code", { callback: (url) => url.searchParams.delete("code") }],
    ["another code", { callback: (url) => url.searchParams.set("code", "other") }],
  ])("refuses %s", async (_what, tampering) => {
    const before = await database("logins").count()
    expect(await refusal(server, tampering)).toMatch(/identity provider|sign-in/i)
    expect(await database("logins").count()).toEqual(before)
  })

  test("accepts an ID token without key id while there is one key", async () => {
    provider.tampering = { idToken: (_claims, header) => (delete header.kid, {}) }
    expect((await signIn(server)).me).not.toBeNull()
  })
})

describe("a transaction", () => {
  const server = servers.confidential
  const backFrom = async (browser: Browser) => (await browser.go(`${server.url}/api/auth/login/corp`, isCallback)).url
  const end = async (browser: Browser, url: URL) =>
    (await browser.go(url.href, (at) => at.origin === server.url && !at.pathname.startsWith("/api/"))).url

  test("counts once, also with its cookie kept", async () => {
    const browser = new Browser()
    const url = await backFrom(browser)
    const copy = browser.copyOf(server.url)
    expect((await end(browser, url)).pathname).toBe("/")
    expect((await end(copy, url)).searchParams.get("error")).toContain("not begun in this browser")
  })

  test("belongs to the browser that began it", async () => {
    const url = await backFrom(new Browser())
    expect((await end(new Browser(), url)).searchParams.get("error")).toContain("not begun in this browser")
    const other = new Browser()
    await backFrom(other)
    expect((await end(other, url)).pathname).toBe("/sign-in")
  })

  test("is over after ten minutes", async () => {
    const browser = new Browser()
    const url = await backFrom(browser)
    now += 10 * 60_000 + 1_000
    expect((await end(browser, url)).searchParams.get("error")).toContain("ten minutes")
  })

  test("cannot be used as a login, nor a login as a transaction", async () => {
    const browser = new Browser()
    await backFrom(browser)
    const token = /berth-local-sign-in=([^;]+)/.exec(browser.cookieOf(server.url))?.[1] ?? ""
    const response = await fetch(`${server.url}/api/me`, { headers: { cookie: `berth-local=${token}` } })
    expect(response.status).toBe(401)
  })

  test("leads only to pages of our own", async () => {
    for (const back of ["//evil.com", "https://evil.com", "/\\evil.com", "/api/auth/logout"]) {
      expect((await signIn(server, new Browser(), back)).url.href, back).toBe(`${server.url}/`)
    }
  })

  test("with another provider is not known", async () => {
    expect((await fetch(`${server.url}/api/auth/login/other`, { redirect: "manual" })).status).toBe(404)
    expect((await fetch(`${server.url}/api/auth/callback/other?code=1&state=1`, { redirect: "manual" })).status).toBe(
      404,
    )
  })

  test("replaces the login that the browser had", async () => {
    const { browser } = await signIn(server)
    const before = browser.cookieOf(server.url)
    await signIn(server, browser)
    expect((await fetch(`${server.url}/api/me`, { headers: { cookie: before } })).status).toBe(401)
  })
})

describe("the provider", () => {
  const server = servers.public

  test("that lies about its name is not used", async () => {
    const port = await freePort()
    const config = configFor("public", port, provider.issuer)
    provider.tampering = {
      json: { "/.well-known/openid-configuration": (body) => ({ ...body, issuer: "http://127.0.0.1:1" }) },
    }
    const fresh = await startServer({ database, clock, config })
    expect(
      (await new Browser().go(`${fresh.url}/api/auth/login/corp`, (at) => at.pathname === "/sign-in")).url.search,
    ).toContain("cannot%20be%20reached")
  })

  test("that is down gives words for people, and works again when it is back", async () => {
    const port = await freePort()
    const fresh = await startServer({ database, clock, config: configFor("public", port, provider.issuer) })
    provider.tampering = { down: 503 }
    const { url } = await new Browser().go(`${fresh.url}/api/auth/login/corp`, (at) => at.pathname === "/sign-in")
    expect(url.searchParams.get("error")).toMatch(/cannot be reached.*\(req_/)
    provider.tampering = {}
    const again = await new Browser().go(`${fresh.url}/api/auth/login/corp`, (at) => at.origin === provider.issuer)
    expect(again.url.pathname).toBe("/auth")
  })

  test("that says no is told so", async () => {
    const tampering: Tampering = {
      callback(url) {
        url.searchParams.delete("code")
        url.searchParams.set("error", "access_denied")
        url.searchParams.set("error_description", "canary")
      },
    }
    const words = await refusal(server, tampering)
    expect(words).toContain("did not let you in")
    expect(words).not.toContain("canary")
  })

  test("may change its keys, a moment ago or while somebody signs in", async () => {
    const browser = new Browser()
    const { url } = await browser.go(`${server.url}/api/auth/login/corp`, isCallback)
    provider.rotateKey()
    await browser.go(url.href, (at) => at.origin === server.url && !at.pathname.startsWith("/api/"))
    const me = await fetch(`${server.url}/api/me`, { headers: { cookie: browser.cookieOf(server.url) } })
    expect(me.status).toBe(200)
    expect((await signIn(server)).me).not.toBeNull()
  })

  test("never vouches for another provider's people, whatever their addresses", async () => {
    const other = await startServer({ database, clock, config: configFor("public", ports.second, second.issuer) })
    const ann = await signIn(server)
    second.account = { ...provider.account }
    const namesake = await signIn(other)
    expect(namesake.me?.email).toBe(ann.me?.email)
    expect(namesake.me?.id).not.toBe(ann.me?.id)
  })
})

describe("an account", () => {
  test("that is disabled does not get in", async () => {
    await signIn(servers.confidential)
    await database("users").where({ subject: "ann", issuer: provider.issuer }).update({ disabled_at: new Date() })
    expect(await refusal(servers.confidential, {})).toContain("disabled")
    await database("users").update({ disabled_at: null })
  })

  test("needs an address", async () => {
    provider.account = { sub: "nomail", name: "No Mail" }
    expect(await refusal(servers.confidential, {})).toContain("no e-mail address")
  })

  test("is linked by its address only where that is switched on, only when verified, and then once", async () => {
    const local = await database("users").where({ issuer: "local" }).first()
    const linking = await startServer({
      database,
      clock,
      config: configFor("confidential", ports.linking, provider.issuer, { linkByEmail: true }),
    })
    const boss = (sub: string, verified: unknown) => ({
      sub,
      email: "ADMIN@example.com",
      email_verified: verified,
      name: "Boss",
    })
    provider.account = boss("boss1", true)
    expect((await signIn(servers.confidential)).me?.id).not.toBe(local.id)
    for (const [sub, verified] of [
      ["boss2", "true"],
      ["boss3", false],
      ["boss4", undefined],
    ] as const) {
      provider.account = boss(sub, verified)
      expect((await signIn(linking)).me?.id, sub).not.toBe(local.id)
    }
    provider.account = boss("boss5", true)
    expect((await signIn(linking)).me).toMatchObject({ id: local.id, role: "admin" })
    provider.account = boss("boss6", true)
    expect((await signIn(linking)).me?.id).not.toBe(local.id)
    expect((await linking.fetch("/api/auth/password", { method: "POST", json: ADMIN })).status).toBe(401)
  })
})

describe("a login over the provider", () => {
  const server = servers.confidential
  const statusOf = async (browser: Browser) =>
    (await fetch(`${server.url}/api/me`, { headers: { cookie: browser.cookieOf(server.url) } })).status
  const refreshes = () => provider.asked.filter((asked) => asked === "POST /token").length

  test("keeps its tokens sealed", async () => {
    await signIn(server)
    const [row] = await database("logins").where({ method: "oidc" }).orderBy("created_at", "desc").limit(1)
    expect(row.provider_sealed.toString("latin1")).not.toMatch(/refreshToken|eyJ/)
  })

  test("asks the provider when its time has come, once for all requests at that moment", async () => {
    const { browser } = await signIn(server)
    now += 2 * 3_600_000
    const before = refreshes()
    expect(await Promise.all(Array.from({ length: 8 }, () => statusOf(browser)))).toEqual(Array(8).fill(200))
    expect(refreshes()).toBe(before + 1)
    expect(await statusOf(browser)).toBe(200)
    expect(refreshes()).toBe(before + 1)
  })

  test("lives on while the provider is down", async () => {
    const { browser } = await signIn(server)
    now += 2 * 3_600_000
    provider.tampering = { down: 503 }
    expect(await statusOf(browser)).toBe(200)
  })

  test.each<[string, Tampering]>([["another subject", { idToken: (claims) => ((claims.sub = "eve"), {}) }]])(
    "ends when the provider refreshes it for %s",
    async (_what, tampering) => {
      const { browser } = await signIn(server)
      now += 2 * 3_600_000
      provider.tampering = tampering
      expect(await statusOf(browser)).toBe(401)
    },
  )

  test("without a refresh token lasts half a day", async () => {
    provider.refreshTokens = false
    const { browser } = await signIn(server)
    now += 12 * 3_600_000 - 60_000
    expect(await statusOf(browser)).toBe(200)
    now += 2 * 60_000
    expect(await statusOf(browser)).toBe(401)
  })

  test("is signed out at the provider too", async () => {
    const { browser } = await signIn(server)
    const response = await fetch(`${server.url}/api/auth/logout`, {
      method: "POST",
      headers: { cookie: browser.cookieOf(server.url), origin: server.url },
    })
    const { redirect } = (await response.json()) as { redirect: string }
    const url = new URL(redirect)
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/session/end`)
    expect(url.searchParams.get("id_token_hint")).toMatch(/^eyJ/)
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${server.url}/`)
    expect(await statusOf(browser)).toBe(401)
  })

  test("ends when the provider says so", async () => {
    const { browser } = await signIn(server)
    provider.revokeGrants()
    now += 2 * 3_600_000
    expect(await statusOf(browser)).toBe(401)
  })
})
