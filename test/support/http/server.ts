import { afterAll } from "vitest"
import { createAudit } from "../../../control-plane/server/audit/index.ts"
import type { Config } from "../../../control-plane/server/config/index.ts"
import { createCredentials, createVault } from "../../../control-plane/server/credentials/index.ts"
import type { Database } from "../../../control-plane/server/database/index.ts"
import { createHttp, type Http } from "../../../control-plane/server/http/index.ts"
import type { UpgradeRoute } from "../../../control-plane/server/http/upgrade.ts"
import { createIdentity } from "../../../control-plane/server/identity/index.ts"
import {
  createHealth,
  createLogger,
  createMetrics,
  createRequestContext,
  type Logger,
} from "../../../control-plane/server/observability/index.ts"
import type { Sessions } from "../../../control-plane/server/sessions/service-types.ts"
import { type Clock, systemClock } from "../../../control-plane/server/time/index.ts"
import { ADMIN, testConfig } from "./config.ts"

export { ADMIN, testConfig } from "./config.ts"

export interface TestServer {
  readonly http: Http
  readonly url: string
  /** Event streams, exports and WebSockets that are open now. */
  openStreams(): Promise<number>
  /** As a browser on our own page would. */
  fetch(path: string, init?: RequestInit & { json?: unknown; cookie?: string }): Promise<Response>
  /** The cookie of a new login. */
  signIn(account?: { email: string; password: string }, cookie?: string): Promise<string>
}

/** A whole HTTP listener on a free port, closed after the file's last test. */
export async function startServer(parts: {
  database: Database
  config?: Config
  sessions?: Partial<Sessions>
  clock?: Clock
  /** For what is asked of git hosts; without it nothing outside is reached. */
  fetch?: typeof fetch
  upgrades?: readonly UpgradeRoute[]
  /** Silent without one. */
  log?: Logger
}): Promise<TestServer> {
  const config = parts.config ?? testConfig()
  const log = parts.log ?? createLogger({ level: "silent", replica: "test" })
  const clock = parts.clock ?? systemClock
  const { database } = parts
  const context = createRequestContext()
  const audit = createAudit({ database, log, context })
  const vault = createVault({ keys: config.encryptionKeys })
  const probe = () => Promise.reject(new Error("nothing outside is part of this test"))
  const credentials = createCredentials({
    config,
    database,
    vault,
    audit,
    log,
    clock,
    probe,
    fetch: parts.fetch ?? probe,
  })
  const identity = createIdentity({ config, database, audit, log, clock, vault })
  await identity.start()
  const metrics = createMetrics({ runtimeFigures: false })
  const http = await createHttp({
    config,
    identity,
    sessions: sessionsOf(parts.sessions ?? {}),
    database,
    audit,
    credentials,
    clock,
    health: createHealth({}),
    log,
    metrics,
    context,
    strictAnswers: true,
    lameDuck_ms: 0,
    ...(parts.upgrades ? { upgrades: parts.upgrades } : {}),
  })
  const { port } = await http.listen()
  const url = `http://127.0.0.1:${port}`
  afterAll(() => http.close())

  const send = asOwnPage(url)
  return {
    http,
    url,
    fetch: send,
    async openStreams() {
      const gauge = await metrics.getSingleMetric("berth_http_streams_open")?.get()
      return gauge?.values[0]?.value ?? 0
    },
    async signIn(account = ADMIN, cookie = "") {
      const response = await send("/api/auth/password", { method: "POST", json: account, cookie })
      const [set = ""] = response.headers.getSetCookie()
      if (response.status !== 204) throw new Error(`sign-in answered ${response.status} ${await response.text()}`)
      return set.split(";")[0] ?? ""
    },
  }
}

/** Requests as a page of our own makes them. */
function asOwnPage(url: string): TestServer["fetch"] {
  return (path, init = {}) => {
    const { json, cookie, headers, ...rest } = init
    return fetch(url + path, {
      redirect: "manual",
      ...rest,
      headers: {
        origin: url,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...(cookie === undefined ? {} : { cookie }),
        ...(headers as Record<string, string>),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    })
  }
}

/** The methods given; any other fails the test that calls it. */
function sessionsOf(given: Partial<Sessions>): Sessions {
  return new Proxy(given as Sessions, {
    get(target, name, receiver) {
      if (Reflect.has(target, name)) return Reflect.get(target, name, receiver)
      return () => {
        throw new Error(`sessions.${String(name)} is not part of this test`)
      }
    },
  })
}
