import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { Counter } from "prom-client"
import type { Audit } from "../audit/types.ts"
import type { Cluster } from "../cluster/types.ts"
import type { Config } from "../config/types.ts"
import {
  type AccountAccess,
  createModelRequests,
  type EnvironmentFiles,
  type Injector,
  type Profiles,
  type Providers,
  type Vault,
} from "../credentials/index.ts"
import type { Database } from "../database/types.ts"
import { isAppError } from "../errors/index.ts"
import { type Logger, listenOn, type Metrics } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import type { Transcripts } from "../transcripts/types.ts"
import { createUsage, type Usage } from "../usage/index.ts"
import { followCertificate, readCertificate } from "./certificate.ts"
import { createConnectionLimit } from "./connections.ts"
import { createBegun } from "./git/begun.ts"
import { createGitCredentials } from "./git/credentials.ts"
import { createGitPolicy } from "./git/policy.ts"
import { createRedirects } from "./git/redirects.ts"
import { createCallers } from "./identity/callers.ts"
import { createPodCheck } from "./identity/pods.ts"
import { createTokenVerifier } from "./identity/tokens.ts"
import { createNotices, type Notices } from "./notices.ts"
import { createRouter, type RouteOutcome } from "./router.ts"
import { createGitRoute } from "./routes/git.ts"
import { createLlmRoute } from "./routes/llm.ts"
import { createReportRoute } from "./routes/report.ts"
import { createWorkloadRoute } from "./routes/workload.ts"
import { createDialer, type Dialer } from "./upstream/dial.ts"
import { createHeldBodies } from "./upstream/held-bodies.ts"
import { createUses, type Uses } from "./uses.ts"

const CONNECTIONS_MAX = 10_000
/** Of one pod: a request each, and an agent has a few dozen at the same time. */
const POD_CONNECTIONS_MAX = 512
const HANDSHAKE_MS = 10_000
const HEADERS_MS = 10_000
// Longer than the sidecar keeps idle connections (30 s), so that it is never the broker who closes first.
const KEEP_ALIVE_MS = 75_000
const DRAIN_MS = 15_000

export interface BrokerOptions {
  readonly config: Config
  readonly cluster: Cluster
  readonly database: Database
  readonly providers: Providers
  readonly injector: Injector
  readonly profiles: Profiles
  readonly environmentFiles: EnvironmentFiles
  readonly vault: Vault
  readonly log: Logger
  readonly clock: Clock
  readonly metrics: Metrics
  readonly audit: Audit
  /** Absent where no kind of account can be linked. */
  readonly accounts?: AccountAccess
  /** Where a session's people are told what was refused to it. */
  readonly transcripts?: Pick<Transcripts, "publish">
}

/** The second listener: what session pods may ask for, and the gateway to models and git hosts. */
export interface Broker {
  /** @throws Error when the certificate cannot be read or the address is taken. */
  listen(): Promise<AddressInfo>
  /** Lets running streams end for up to 15 s, then cuts them; writes the usage and the audit that are pending. */
  close(): Promise<void>
}

/** Puts the broker together; nothing listens before `listen`. */
export function createBroker(options: BrokerOptions): Broker {
  const { config, clock, log } = options
  const dialer = createDialer({ allowedPrivateHosts: config.file.broker.allowedPrivateHosts ?? [] })
  const usage = createUsage(options)
  const uses = createUses(options)
  const notices = createNotices(options)
  const router = createRouter({
    callers: createPodCallers(options),
    routes: createRoutes(options, { dialer, usage, uses, notices }),
    onDone: createObserver(options),
  })
  let running: { server: Server; stopFollowing: () => void } | null = null
  return {
    async listen() {
      const directory = config.directories.brokerTls
      const first = await readCertificate(directory)
      const server = createServer(
        {
          ...first,
          minVersion: "TLSv1.2",
          requestTimeout: 0,
          headersTimeout: HEADERS_MS,
          handshakeTimeout: HANDSHAKE_MS,
        },
        router,
      )
      server.maxConnections = CONNECTIONS_MAX
      // Under a mesh all pods seem to call from one address.
      if (config.file.broker.verifyPeerAddress ?? true) {
        server.on("connection", createConnectionLimit({ connections_max: POD_CONNECTIONS_MAX, clock, log }))
      }
      server.keepAliveTimeout = KEEP_ALIVE_MS
      const { stop } = followCertificate({ directory, first, server, log })
      running = { server, stopFollowing: stop }
      return await listenOn(server, config.listen.broker)
    },
    async close() {
      running?.stopFollowing()
      if (running !== null) await drain(running.server)
      running = null
      await Promise.all([usage.close(), uses.close(), notices.close()])
      dialer.close()
    },
  }
}

function createPodCallers({ config, cluster, clock, database, log }: BrokerOptions) {
  const { broker, sessionNamespace, sessions, release } = config.file
  const tokens = createTokenVerifier({
    cluster,
    clock,
    audience: broker.audience ?? "berth-broker",
    namespace: sessionNamespace,
    serviceAccount: sessions.serviceAccountName,
  })
  const pods = createPodCheck({ cluster, clock, log, release, verifyPeerAddress: broker.verifyPeerAddress ?? true })
  return createCallers({ tokens, pods, database })
}

function createRoutes(
  options: BrokerOptions,
  { dialer, usage, uses, notices }: { dialer: Dialer; usage: Usage; uses: Uses; notices: Notices },
) {
  const { config, clock, database, providers, profiles, environmentFiles, injector, vault, accounts } = options
  const hosts = config.file.git?.hosts ?? {}
  const policy = createGitPolicy(hosts)
  const credentials = createGitCredentials({ accounts, directory: config.directories.gitCredentials, hosts })
  return {
    workload: createWorkloadRoute({ accounts, providers, profiles, environmentFiles, vault, git: policy, notices }),
    report: createReportRoute({ database, clock }),
    llm: createLlmRoute({
      providers,
      profiles,
      requests: createModelRequests(config.file.broker.allowedModelRequests ?? {}),
      injector,
      bodies: createHeldBodies(),
      dialer,
      usage,
      uses,
      notices,
    }),
    git: createGitRoute({
      policy,
      credentials,
      redirects: createRedirects(clock),
      begun: createBegun(clock),
      dialer,
      uses,
      notices,
      accounts,
    }),
  }
}

/** Counts every request, and logs those that failed: refusals in one line, mistakes of ours in full. */
function createObserver({ log, metrics }: BrokerOptions) {
  const requests = new Counter({
    name: "berth_broker_requests_total",
    help: "Requests of session pods, by route and outcome.",
    labelNames: ["route", "outcome"],
    registers: [metrics],
  })
  return ({ route, method, peer, status, error }: RouteOutcome) => {
    const outcome = error === undefined ? `${Math.floor(status / 100)}xx` : isAppError(error) ? error.code : "internal"
    requests.inc({ route, outcome })
    if (error === undefined) return
    const facts = { route, method, peer, err: error }
    if (isAppError(error)) log.info(facts, "a pod's request was refused")
    else log.error(facts, "a pod's request failed")
  }
}

async function drain(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await closed
  clearTimeout(timer)
}
