import { generateKeyPairSync } from "node:crypto"
import { describe, expect, test } from "vitest"
import type { Browser } from "../../../../test/support/oidc/browser.ts"
import type { Tampering } from "../../../../test/support/oidc/provider.ts"
import { database, kinds, lines, provider, servers, signIn, time } from "../../../../test/support/oidc/world.ts"
import { startStopwatch } from "../../../../test/support/stopwatch.ts"

const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey

describe.each(kinds)("a login over the provider, of a %s client", (kind) => {
  const server = servers[kind]
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
    time.now += 2 * 3_600_000
    const before = refreshes()
    expect(await Promise.all(Array.from({ length: 8 }, () => statusOf(browser)))).toEqual(Array(8).fill(200))
    expect(refreshes()).toBe(before + 1)
    expect(await statusOf(browser)).toBe(200)
    expect(refreshes()).toBe(before + 1)
  })

  test("lives on while the provider is down", async () => {
    const { browser } = await signIn(server)
    time.now += 2 * 3_600_000
    provider.tampering = { down: 503 }
    expect(await statusOf(browser)).toBe(200)
    expect(lines.find(({ why }) => why === "provider_unreachable")?.hint).toContain("cannot reach oidc.issuer")
  })

  test("goes on when the database does not take what the provider gave until later", async () => {
    const { browser } = await signIn(server)
    time.now += 2 * 3_600_000
    const before = refreshes()
    await database.raw(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$`)
    await database.raw("CREATE TRIGGER no_room BEFORE UPDATE OF provider_sealed ON logins EXECUTE FUNCTION no_room()")
    expect(await statusOf(browser)).toBe(200)
    await database.raw("DROP FUNCTION no_room CASCADE")
    // The turn of the first attempt is over: a provider that rotates would take its token for stolen.
    time.now += 61_000
    expect(await statusOf(browser)).toBe(200)
    expect(refreshes()).toBe(before + 1)
    time.now += 2 * 3_600_000
    expect(await statusOf(browser)).toBe(200)
    expect(refreshes()).toBe(before + 2)
  })

  test.each<[string, Tampering]>([
    ["another subject", { idToken: (claims) => ((claims.sub = "eve"), {}) }],
    ["another issuer", { idToken: (claims) => ((claims.iss = "https://evil.example"), {}) }],
    ["another client", { idToken: (claims) => ((claims.aud = "other"), {}) }],
    ["nobody, without a signature", { idToken: () => ({ key: null }) }],
    ["somebody, signed with another key", { idToken: () => ({ key: stranger }) }],
  ])("ends when the provider refreshes it for %s", async (_what, tampering) => {
    const { browser } = await signIn(server)
    time.now += 2 * 3_600_000
    provider.tampering = tampering
    expect(await statusOf(browser)).toBe(401)
  })

  test("ends its open streams too when the provider says that it is over", async () => {
    const { browser } = await signIn(server)
    const stream = await fetch(`${server.url}/api/events`, { headers: { cookie: browser.cookieOf(server.url) } })
    expect(stream.status).toBe(200)
    provider.revokeGrants()
    time.now += 2 * 3_600_000
    // Nobody asks for anything: the stream's own sign-in is looked at again.
    expect(await stream.text()).toContain("event: gone")
    provider.restoreGrants()
  })

  test("without a refresh token lasts half a day", async () => {
    provider.refreshTokens = false
    const { browser } = await signIn(server)
    time.now += 12 * 3_600_000 - 60_000
    expect(await statusOf(browser)).toBe(200)
    time.now += 2 * 60_000
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
    time.now += 2 * 3_600_000
    expect(await statusOf(browser)).toBe(401)
    provider.restoreGrants()
  })
})

test("a provider that takes its time to answer about one person keeps nobody else's streams open", async () => {
  const server = servers.basic
  const follow = async (cookie: string) => {
    const stream = await fetch(`${server.url}/api/events`, { headers: { cookie } })
    expect(stream.status).toBe(200)
    return stream.text()
  }
  const { browser } = await signIn(server)
  const own = follow(browser.cookieOf(server.url))
  const other = follow(await server.signIn())
  let letGo = () => {}
  provider.tampering = { held: new Promise((resolve) => (letGo = resolve)), down: 503 }
  const before = provider.asked.length
  time.now += 2 * 3_600_000
  await expect.poll(() => provider.asked.length, { timeout: 60_000 }).toBeGreaterThan(before)
  const elapsed = startStopwatch()
  await database("logins").where({ method: "password" }).delete()
  await other
  expect(elapsed()).toBeLessThan(5_000)
  letGo()
  await database("logins").delete()
  await own
})
