import { afterAll, beforeEach, expect } from "vitest"
import { createLogger } from "../../../control-plane/server/observability/index.ts"
import type { Sessions } from "../../../control-plane/server/sessions/service-types.ts"
import { startServer, testConfig } from "../http/server.ts"
import { testDatabase } from "../postgres.ts"
import { freePort } from "../scratch.ts"
import { Browser } from "./browser.ts"
import { CLIENT_SECRET, CLIENTS, startProvider, type Tampering } from "./provider.ts"

export const { database, openPool } = await testDatabase()
/** What everybody here takes for the time; a test may move it on. */
export const time = { now: Date.now() }
export const clock = { now: () => time.now, sleep: async () => undefined }

export const kinds = ["confidential", "basic", "public"] as const
export const ports = {
  confidential: await freePort(),
  basic: await freePort(),
  public: await freePort(),
  second: await freePort(),
  linking: await freePort(),
}
const uris = Object.values(ports).map((port) => `http://127.0.0.1:${port}/api/auth/callback/corp`)
export const provider = await startProvider({ redirectUris: uris, homeUri: `http://127.0.0.1:${ports.confidential}/` })
export const second = await startProvider({ redirectUris: uris, homeUri: "http://127.0.0.1/" })
afterAll(() => Promise.all([provider.stop(), second.stop()]))

/** The configuration of an installation at this port whose people come from this issuer. */
export function configFor(
  kind: (typeof kinds)[number],
  port: number,
  issuer: string,
  more: object = {},
  listen = port,
) {
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
  const env = {
    BERTH_HTTP_LISTEN: `127.0.0.1:${listen}`,
    ALLOWED_HOSTS: "localhost",
    ...(publicClient ? {} : { OIDC_CLIENT_SECRET: CLIENT_SECRET }),
  }
  return testConfig(file, env)
}

interface Line {
  readonly level: string
  readonly why?: string
  readonly hint?: string
  readonly requestId?: string
}
/** What has been logged since the test began. */
export const lines: Line[] = []
const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) }
export const log = createLogger({ level: "info", replica: "test", destination })

/** An event stream that says one thing and goes on. */
const sessions: Partial<Sessions> = {
  async *watchAll(_principal, signal) {
    yield { type: "gone", id: "ses_1" }
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
}
const start = (kind: (typeof kinds)[number]) =>
  startServer({ database, clock, log, sessions, config: configFor(kind, ports[kind], provider.issuer) })
export const servers = {
  confidential: await start("confidential"),
  basic: await start("basic"),
  public: await start("public"),
}

beforeEach(() => {
  time.now = Date.now()
  lines.splice(0)
  provider.tampering = {}
  provider.refreshTokens = true
  provider.account = { sub: "ann", email: "ann@example.com", email_verified: true, name: "Ann", groups: ["dev"] }
})

export const isCallback = (url: URL) => url.pathname.startsWith("/api/auth/callback/")

/** Signs in as a browser does; answers where it ended up and who one is there. */
export async function signIn(server: { url: string }, browser = new Browser(), back = "/settings?tab=1") {
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
export async function refusal(server: { url: string }, tampering: Tampering): Promise<string> {
  provider.tampering = tampering
  const { url, me } = await signIn(server)
  expect(me).toBeNull()
  expect(url.pathname).toBe("/sign-in")
  return url.searchParams.get("error") ?? ""
}

/** The line that tells an operator why a sign-in failed; there is exactly one, with what to do. */
export function toldWhy(): { why: string; requestId: string } {
  const told = lines.filter(({ why }) => why !== undefined)
  expect(told).toHaveLength(1)
  const [{ level, why = "", hint = "", requestId = "" } = { level: "none" }] = told
  expect(level).toBe("warn")
  expect(hint.length).toBeGreaterThan(40)
  return { why, requestId }
}
