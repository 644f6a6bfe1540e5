import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import { once } from "node:events"
import { get, type IncomingMessage } from "node:http"
import { describe, expect, test } from "vitest"
import { ADMIN, startServer } from "../../../../test/support/http/server.ts"
import { Browser } from "../../../../test/support/oidc/browser.ts"
import { CLIENTS, type Tampering } from "../../../../test/support/oidc/provider.ts"
import {
  clock,
  configFor,
  database,
  isCallback,
  kinds,
  lines,
  log,
  openPool,
  ports,
  provider,
  refusal,
  second,
  servers,
  signIn,
  time,
  toldWhy,
} from "../../../../test/support/oidc/world.ts"
import { freePort } from "../../../../test/support/scratch.ts"
import { Secret } from "../../crypto/index.ts"

const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey

/** The provider's keys and one more. */
function withKey(body: Record<string, unknown>, key: KeyObject): Record<string, unknown> {
  const jwk = createPublicKey(key).export({ format: "jwk" })
  return { keys: [...(body.keys as object[]), { ...jwk, kid: "more", use: "sig", alg: "RS256" }] }
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

  test.each<[string, string, Tampering]>([
    ["an ID token without signature", "not_signed", { idToken: () => ({ key: null }) }],
    ["an ID token signed by somebody else", "wrong_signature", { idToken: () => ({ key: stranger }) }],
    [
      "an ID token with an unknown key id",
      "wrong_signature",
      { idToken: (_claims, header) => ((header.kid = "other"), {}) },
    ],
    ["an ID token for another client", "wrong_audience", { idToken: (claims) => ((claims.aud = "other"), {}) }],
    ["an ID token of another issuer", "wrong_issuer", { idToken: (claims) => ((claims.iss = "http://a.b"), {}) }],
    ["an ID token without subject", "malformed", { idToken: (claims) => (delete claims.sub, {}) }],
    ["an ID token without time of issue", "malformed", { idToken: (claims) => (delete claims.iat, {}) }],
    ["an ID token without expiry", "malformed", { idToken: (claims) => (delete claims.exp, {}) }],
    ["an expired ID token", "wrong_time", { idToken: (claims) => ((claims.exp = 1_000_000), {}) }],
    ["an ID token with another nonce", "wrong_nonce", { idToken: (claims) => ((claims.nonce = "other"), {}) }],
    ["an ID token without nonce", "wrong_nonce", { idToken: (claims) => (delete claims.nonce, {}) }],
    ["no ID token", "malformed", { json: { "/token": ({ id_token: _gone, ...rest }) => rest } }],
    ["user information about somebody else", "wrong_subject", { json: { "/me": (body) => ({ ...body, sub: "eve" }) } }],
    [
      "an answer of another issuer (mix-up)",
      "wrong_issuer",
      { callback: (url) => url.searchParams.set("iss", "https://evil.example") },
    ],
    ["an answer that does not say its issuer", "wrong_issuer", { callback: (url) => url.searchParams.delete("iss") }],
    ["another state", "wrong_state", { callback: (url) => url.searchParams.set("state", "other") }],
    ["no state", "wrong_state", { callback: (url) => url.searchParams.delete("state") }],
    ["no code", "malformed", { callback: (url) => url.searchParams.delete("code") }],
    ["another code", "code_refused", { callback: (url) => url.searchParams.set("code", "other") }],
    ["keys that are not there", "wrong_signature", { json: { "/jwks": () => ({ keys: [] }) } }],
    [
      "an ID token without key id while there are several keys",
      "wrong_signature",
      { idToken: (_claims, header) => (delete header.kid, {}), json: { "/jwks": (body) => withKey(body, stranger) } },
    ],
  ])("refuses %s, and tells the operator %s", async (_what, why, tampering) => {
    const before = await database("logins").count()
    const words = await refusal(server, tampering)
    expect(words).toMatch(/identity provider|sign-in/i)
    expect(await database("logins").count()).toEqual(before)
    const told = toldWhy()
    expect(told.why).toBe(why)
    // What the person sees leads to the line, and to the entry in the record.
    expect(words).toContain(told.requestId)
    const event = await database("audit_events").where({ action: "login.create" }).orderBy("id", "desc").first()
    expect(event).toMatchObject({ outcome: "refused", request_id: told.requestId, facts: { method: "oidc", why } })
  })

  test("goes on when the provider changes its keys, a moment ago or while somebody signs in", async () => {
    const browser = new Browser()
    const { url } = await browser.go(`${server.url}/api/auth/login/corp`, isCallback)
    provider.rotateKey()
    await browser.go(url.href, (at) => at.origin === server.url && !at.pathname.startsWith("/api/"))
    const me = await fetch(`${server.url}/api/me`, { headers: { cookie: browser.cookieOf(server.url) } })
    expect(me.status).toBe(200)
    expect((await signIn(server)).me).not.toBeNull()
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

  test("may end on another replica than it began on, and counts once on all of them together", async () => {
    const config = configFor("confidential", ports.confidential, provider.issuer, {}, 0)
    const replica = await startServer({ database: openPool(), clock, log, config })
    const browser = new Browser()
    const url = await backFrom(browser)
    const cookie = browser.cookieOf(server.url)
    const there = await fetch(replica.url + url.pathname + url.search, { redirect: "manual", headers: { cookie } })
    expect([there.status, there.headers.get("location")]).toEqual([302, "/"])
    const login =
      there.headers
        .getSetCookie()
        .find((line) => line.startsWith("berth-local="))
        ?.split(";")[0] ?? ""
    expect((await fetch(`${server.url}/api/me`, { headers: { cookie: login } })).status).toBe(200)
    expect((await end(browser, url)).searchParams.get("error")).toContain("not begun in this browser")
    expect(toldWhy().why).toBe("not_begun_here")
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
    time.now += 10 * 60_000 + 1_000
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

  test("begun under another name of the server goes on under the public one, once", async () => {
    const { port } = new URL(server.url)
    const begun = async (host: string, query: string) => {
      const request = get({ host: "127.0.0.1", port, path: `/api/auth/login/corp${query}`, headers: { host } })
      const [response] = (await once(request, "response")) as [IncomingMessage]
      response.resume()
      return response.headers
    }
    const { location = "", "set-cookie": cookies } = await begun(`localhost:${port}`, "?return=%2Fsettings%3Ftab%3D1")
    expect(location).toBe(`${server.url}/api/auth/login/corp?return=%2Fsettings%3Ftab%3D1&moved=1`)
    expect(cookies).toBeUndefined()
    // A proxy may hide by which name the browser came: no second redirect.
    expect((await begun(`localhost:${port}`, "?moved=1")).location).toContain(provider.issuer)
    expect((await begun(`127.0.0.1:${port}`, "")).location).toContain(provider.issuer)
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
    const fresh = await startServer({ database, clock, log, config })
    expect(
      (await new Browser().go(`${fresh.url}/api/auth/login/corp`, (at) => at.pathname === "/sign-in")).url.search,
    ).toContain("cannot%20be%20reached")
    expect(toldWhy().why).toBe("wrong_metadata")
  })

  test("that is down gives words for people, and works again when it is back", async () => {
    const port = await freePort()
    const fresh = await startServer({ database, clock, log, config: configFor("public", port, provider.issuer) })
    provider.tampering = { down: 503 }
    const { url } = await new Browser().go(`${fresh.url}/api/auth/login/corp`, (at) => at.pathname === "/sign-in")
    expect(url.searchParams.get("error")).toMatch(/cannot be reached.*\(req_/)
    expect(toldWhy().why).toBe("provider_unreachable")
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
    expect(toldWhy().why).toBe("person_refused")
  })

  test("that does not know the client, or is asked without the secret, is told apart for the operator", async () => {
    for (const [secret, why] of [
      ["not the client's secret", "client_refused"],
      ["", "client_secret_missing"],
    ] as const) {
      lines.splice(0)
      const config = configFor("confidential", ports.second, provider.issuer)
      const oidcClientSecret = secret === "" ? undefined : new Secret(secret)
      const fresh = await startServer({
        database,
        clock,
        log,
        config: { ...config, oidcClientSecret } as typeof config,
      })
      expect((await signIn(fresh)).me).toBeNull()
      expect(toldWhy().why).toBe(why)
      await fresh.http.close()
    }
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

  test("that is disabled while it signs in gets no sign-in that would hold once it is enabled again", async () => {
    const { me } = await signIn(servers.confidential)
    const other = await openPool(1).transaction()
    await other("users").where({ id: me?.id }).update({ disabled_at: new Date() })
    const late = signIn(servers.confidential)
    const waiting = () =>
      database("pg_stat_activity").whereRaw("datname = current_database() AND wait_event_type = 'Lock'").select("pid")
    await expect.poll(async () => (await waiting()).length, { timeout: 60_000, interval: 20 }).toBe(1)
    await other.commit()
    expect((await late).url.pathname).toBe("/sign-in")
    await database("users").update({ disabled_at: null })
    const cookie = (await late).browser.cookieOf(servers.confidential.url)
    expect((await fetch(`${servers.confidential.url}/api/me`, { headers: { cookie } })).status).toBe(401)
    const event = await database("audit_events").where({ action: "login.create" }).orderBy("id", "desc").first()
    expect(event).toMatchObject({ outcome: "refused", facts: { method: "oidc", why: "changed meanwhile" } })
  })

  test("needs an address", async () => {
    provider.account = { sub: "nomail", name: "No Mail" }
    expect(await refusal(servers.confidential, {})).toContain("no e-mail address")
    expect(toldWhy().why).toBe("not_admitted")
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
    const byPassword = await linking.signIn()
    provider.account = boss("boss5", true)
    expect((await signIn(linking)).me).toMatchObject({ id: local.id, role: "admin" })
    // The provider is never asked about what a password had opened.
    expect((await linking.fetch("/api/me", { cookie: byPassword })).status).toBe(401)
    provider.account = boss("boss6", true)
    expect((await signIn(linking)).me?.id).not.toBe(local.id)
    expect((await linking.fetch("/api/auth/password", { method: "POST", json: ADMIN })).status).toBe(401)
  })
})
