import { inspect } from "node:util"
import { expect, test } from "vitest"
import { ConfigError } from "./faults.ts"
import { parseConfig } from "./parse.ts"

const KEY = Buffer.alloc(32, 7).toString("base64")

function fileWith(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    release: "berth",
    instance: "berth",
    namespace: "berth",
    sessionNamespace: "berth-sessions",
    public: { host: "agents.example.com", pathPrefix: "/" },
    images: { dataPlane: "a:1", dataPlaneInit: "b:1", auth: "c:1" },
    broker: { url: "https://berth-broker.berth.svc:8081", caConfigMap: "berth-broker-ca" },
    sessions: { serviceAccountName: "berth-session" },
    sessionVolume: { storageSize: "2Gi" },
    ...changes,
  })
}

const ENV = {
  DATABASE_URL: "postgres://user:pw@db/berth",
  BETTER_AUTH_SECRET: "canary-secret-0123456789abcdefghij",
  BERTH_ENCRYPTION_KEYS: KEY,
}

function faultsOf(env: Record<string, string>, file: string | undefined = fileWith()): readonly string[] {
  try {
    parseConfig(env, () => file)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

test("a complete configuration is parsed, completed with defaults and frozen", () => {
  const config = parseConfig(ENV, () => fileWith())
  expect(config.listen.http).toEqual({ host: "0.0.0.0", port: 8080 })
  expect(config.file.passwordAuth.enabled).toBe(true)
  expect(config.file.audit.retention_days).toBe(365)
  expect(config.file.headerAuth.trust.cidrs).toEqual([])
  expect(config.allowedHosts).toEqual(["agents.example.com"])
  expect(Object.isFrozen(config.file.oidc)).toBe(true)
})

test("all faults are reported together", () => {
  const file = fileWith({ typo: 1, sessions: {}, public: { host: "h", pathPrefix: "no-slash" } })
  const faults = faultsOf({ BERTH_HTTP_LISTEN: "8080", BERTH_LOG_LEVEL: "loud", BERTH_ADMIN_EMAIL: "a@b" }, file)
  for (const word of [
    '"typo"',
    '"serviceAccountName"',
    "pathPrefix",
    "BERTH_HTTP_LISTEN",
    "BERTH_LOG_LEVEL",
    "BERTH_ADMIN_PASSWORD",
    "BETTER_AUTH_SECRET",
    "BERTH_ENCRYPTION_KEYS",
    "DATABASE_URL",
  ]) {
    expect(
      faults.filter((fault) => fault.includes(word)),
      word,
    ).not.toEqual([])
  }
})

test("a missing file and a file that is not JSON are faults like any other", () => {
  expect(() => parseConfig({}, () => undefined)).toThrow(/cannot be read[\s\S]*BETTER_AUTH_SECRET/)
  expect(faultsOf(ENV, "{")).toEqual([expect.stringContaining("not JSON")])
})

test("no secret is visible in the configuration's text forms", () => {
  const config = parseConfig({ ...ENV, BERTH_ADMIN_EMAIL: "a@b.c", BERTH_ADMIN_PASSWORD: "canary-pass" }, () =>
    fileWith(),
  )
  const text = JSON.stringify(config) + inspect(config, { depth: 9 })
  for (const canary of ["canary", KEY, "postgres://"]) expect(text).not.toContain(canary)
})

test.each(["\n", "\r\n"])("one line break %j at the end of a Secret is no part of it", (end) => {
  const config = parseConfig(
    {
      DATABASE_URL: `${ENV.DATABASE_URL}${end}`,
      BETTER_AUTH_SECRET: `${ENV.BETTER_AUTH_SECRET}${end}`,
      BERTH_ENCRYPTION_KEYS: `${KEY}${end}`,
      BERTH_ADMIN_EMAIL: `ada@example.com${end}`,
      BERTH_ADMIN_PASSWORD: `  with blanks  ${end}`,
      OIDC_CLIENT_SECRET: `client${end}${end}`,
      HEADER_AUTH_SHARED_SECRET: `shared${end}`,
    },
    () => fileWith(),
  )
  const { firstAdministrator: first, oidcClientSecret, headerAuthSharedSecret, database, cookieSecret } = config
  expect([first?.email, first?.password.reveal()]).toEqual(["ada@example.com", "  with blanks  "])
  expect([oidcClientSecret?.reveal(), headerAuthSharedSecret?.reveal()]).toEqual([`client${end}`, "shared"])
  const url = `${ENV.DATABASE_URL}?sslmode=prefer`
  expect([database.url?.reveal(), cookieSecret.reveal()]).toEqual([url, ENV.BETTER_AUTH_SECRET])
})

test("the key ring takes named and bare keys, newest first", () => {
  const second = Buffer.alloc(32, 8).toString("base64")
  const config = parseConfig({ ...ENV, BERTH_ENCRYPTION_KEYS: `new:${second}\n${KEY}` }, () => fileWith())
  expect(config.encryptionKeys.map((key) => key.id)).toEqual(["new", expect.stringMatching(/^[0-9a-f]{8}$/)])
})

test.each(["short:AAAA", `${KEY},${KEY}`, `bad id:${KEY}`, ","])("the key ring %s is refused", (ring) => {
  expect(faultsOf({ ...ENV, BERTH_ENCRYPTION_KEYS: ring })).toHaveLength(1)
})

test.each(["*.example.com", "@example.com", "a@example.com", "example.com;example.org", ["*.example.com"]])(
  "oidc.domain %j is refused",
  (domain) => {
    const oidc = { enabled: true, issuer: "https://idp.example.com", clientId: "c", domain }
    expect(faultsOf(ENV, fileWith({ oidc }))).toEqual([expect.stringContaining("oidc.domain:")])
  },
)

test("header sign-in without a trust anchor does not start", () => {
  const file = fileWith({ headerAuth: { enabled: true, email: { header: "X-Email" } } })
  expect(faultsOf(ENV, file)).toEqual([expect.stringContaining("needs a trust anchor")])
})

test.each(["0.0.0.0/0", "::/0", "10.0.0.0/33", "proxy"])("header sign-in does not trust %s", (cidr) => {
  const headerAuth = { enabled: true, email: { header: "X-Email" }, trust: { cidrs: [cidr] } }
  expect(faultsOf(ENV, fileWith({ headerAuth }))).toEqual([expect.stringContaining("headerAuth.trust.cidrs")])
})

test.each(["::ffff:0.0.0.0/96", "::ffff:10.0.0.0/8"])(
  "a mapped range %s that is wider than IPv4 is refused",
  (cidr) => {
    const headerAuth = { enabled: true, email: { header: "X-Email" }, trust: { cidrs: [cidr] } }
    expect(faultsOf(ENV, fileWith({ headerAuth }))).toEqual([expect.stringContaining("headerAuth.trust.cidrs")])
  },
)

test("header sign-in does not trust the network that sessions run in", () => {
  const headerAuth = {
    enabled: true,
    email: { header: "X-Email" },
    trust: { cidrs: ["10.244.0.0/16", "192.0.2.0/24"] },
  }
  expect(faultsOf({ ...ENV, POD_IP: "10.244.3.7" }, fileWith({ headerAuth }))).toEqual([
    expect.stringContaining('"10.244.0.0/16" holds this pod\'s own address'),
  ])
})

test("a host may have the port that people use, which is no part of the name", () => {
  const config = parseConfig({ ...ENV, ALLOWED_HOSTS: "127.0.0.1:30080,[::1]:80,.example.com" }, () => fileWith())
  expect(config.allowedHosts).toEqual(["agents.example.com", "127.0.0.1", "::1", ".example.com"])
})

test("a token header without keys to check it is refused", () => {
  const headerAuth = { enabled: true, jwt: { header: "X-Token" }, trust: { cidrs: ["10.1.2.3"] } }
  expect(faultsOf(ENV, fileWith({ headerAuth }))).toEqual([expect.stringContaining("signature")])
})

test("OpenID Connect needs what it cannot do without", () => {
  const faults = faultsOf(ENV, fileWith({ oidc: { enabled: true, issuer: "http://idp" } }))
  expect(faults).toEqual([expect.stringContaining("clientId"), expect.stringContaining("https")])
})

test("a way to sign in is needed", () => {
  expect(faultsOf(ENV, fileWith({ passwordAuth: { enabled: false } }))).toEqual([expect.stringContaining("nobody")])
})

test("without a host only this machine's own names are allowed", () => {
  const config = parseConfig(ENV, () => fileWith({ public: { host: "", pathPrefix: "/" } }))
  expect(config.allowedHosts).toEqual(["localhost", "127.0.0.1", "::1"])
})

test("role environments are off without a directory, load default.env unless told otherwise, and offer what is listed", () => {
  const read = (more: Record<string, string>) => parseConfig({ ...ENV, ...more }, () => fileWith()).roleEnvironments
  const directory = "/etc/berth/role-env"
  expect(read({ BERTH_ROLE_ENV_DEFAULT: "false" })).toBeUndefined()
  expect(read({ BERTH_ROLE_ENV_DIR: directory })).toEqual({ directory, loadDefault: true, selectable: [] })
  const more = { BERTH_ROLE_ENV_DEFAULT: "false", BERTH_ROLE_ENV_SELECTABLE: "a.env, b.env,a.env," }
  const expected = { directory, loadDefault: false, selectable: ["a.env", "b.env"] }
  expect(read({ BERTH_ROLE_ENV_DIR: directory, ...more })).toEqual(expected)
  expect(faultsOf({ ...ENV, BERTH_ROLE_ENV_DIR: directory, BERTH_ROLE_ENV_DEFAULT: "yes" })).toEqual([
    "BERTH_ROLE_ENV_DEFAULT must be true or false",
  ])
})
