import type { AddressInfo } from "node:net"
import { type Audit, createAuditLog } from "../audit/index.ts"
import type { Config } from "../config/types.ts"
import type { Credentials } from "../credentials/index.ts"
import type { Database } from "../database/index.ts"
import type { Identity } from "../identity/index.ts"
import {
  createRequestContext,
  type Health,
  type Logger,
  listenOn,
  type Metrics,
  type RequestContext,
} from "../observability/index.ts"
import type { Sessions } from "../sessions/service-types.ts"
import type { Clock } from "../time/index.ts"
import { createUsageReport } from "../usage/index.ts"
import { createApp } from "./app.ts"
import { createAddressOf } from "./guards/address.ts"
import { createLoad } from "./guards/load.ts"
import { createListener } from "./listener.ts"
import { openapiDocument } from "./openapi.ts"
import type { HttpContext } from "./parts.ts"
import { routeRequests } from "./router.ts"
import { createRoutes, createUpgrades, type Route } from "./routes/index.ts"
import { createStreams } from "./streams/registry.ts"
import { loadUi, serveUi } from "./ui/index.ts"
import { handleUpgrades, type UpgradeRoute } from "./upgrade.ts"

/** Load balancers go on sending for a moment after readiness is off. */
const LAME_DUCK_MS = 3_000
const DRAIN_MS = 17_000
const IDLE_CHECK_MS = 100

export interface HttpParts {
  readonly config: Config
  readonly identity: Identity
  readonly sessions: Sessions
  readonly database: Database
  readonly audit: Audit
  readonly credentials: Credentials
  readonly clock: Clock
  readonly health: Health
  readonly log: Logger
  readonly metrics: Metrics
  /** Where the rest of the process looks up which request it works for. */
  readonly context?: RequestContext
  /** WebSockets in place of the table's; for tests. */
  readonly upgrades?: readonly UpgradeRoute[]
  /** Answers that are not as declared become errors; for tests. */
  readonly strictAnswers?: boolean
  readonly lameDuck_ms?: number
}

/** The listener that people and programs use: UI and API. */
export interface Http {
  listen(): Promise<AddressInfo>
  /** Readiness off, streams told to reconnect, requests finished: within 25 s. */
  close(): Promise<void>
}

/** Builds the listener with everything that it serves. @throws Error when the UI's files cannot be read */
export async function createHttp(parts: HttpParts): Promise<Http> {
  const { config, identity, log, metrics } = parts
  const { public: address } = config.file
  const streams = createStreams({ identity, log, metrics })
  const http: HttpContext = {
    identity,
    own: { host: address.host, tls: address.tls },
    allowedHosts: config.allowedHosts,
    prefix: address.pathPrefix,
    load: createLoad(),
    streams,
    log,
    context: parts.context ?? createRequestContext(),
    strictAnswers: parts.strictAnswers ?? false,
  }
  let document: object | undefined
  const openapi = () => {
    document ??= openapiDocument(routes)
    return document
  }
  const routes: readonly Route[] = createRoutes({
    ...parts,
    openapi,
    prefix: address.pathPrefix,
    defaults: config.file.sessions,
    auditLog: createAuditLog(parts),
    usage: createUsageReport(parts),
  })
  const addressOf = createAddressOf(address.trustedProxies)
  let closing = false
  const app = createApp({
    http,
    metrics,
    addressOf,
    closing: () => closing,
    routes: routeRequests(routes, http),
    ui: serveUi(await loadUi(config.directories.ui, address.pathPrefix), address.tls),
  })
  const server = createListener(app.callback(), parts)
  server.on("upgrade", handleUpgrades(parts.upgrades ?? createUpgrades(), http, addressOf))

  return {
    listen: () => listenOn(server, config.listen.http),
    async close() {
      parts.health.drain()
      await parts.clock.sleep(parts.lameDuck_ms ?? LAME_DUCK_MS)
      closing = true
      streams.shutdown()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const limit = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      // `close` ends the connections that are idle now, not those that become so.
      const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
      await closed
      clearTimeout(limit)
      clearInterval(idle)
    },
  }
}
