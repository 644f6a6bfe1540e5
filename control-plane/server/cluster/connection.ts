import type https from "node:https"
import { KubeConfig } from "@kubernetes/client-node"
import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from "undici"
import type { Clock } from "../time/index.ts"

// The client library re-reads the mounted token once a minute; asking it more often than that is cheap.
const CREDENTIALS_AGE_MAX_MS = 20_000
const CONNECT_TIMEOUT_MS = 5_000

/** How the API server is reached: address, credentials, and one connection pool for all requests. */
export interface Connection {
  readonly server: string
  /** The pool, and headers that prove who we are, fresh enough for the next request. */
  prepare(): Promise<{ dispatcher: Dispatcher; headers: Readonly<Record<string, string>> }>
  close(): Promise<void>
}

/**
 * Credentials come from KUBECONFIG, `~/.kube/config` or the pod's service account, in this order.
 *
 * The pool is our own: the library makes a new one for every request. HTTP/1.1 on purpose: a dead HTTP/2 connection
 * would hold up every request on it, a dead HTTP/1.1 connection only its own.
 * @throws Error when there is no cluster to talk to.
 */
export function createConnection(clock: Clock, kubeConfig?: KubeConfig): Connection {
  const config = kubeConfig ?? defaultConfig()
  const cluster = config.getCurrentCluster()
  if (cluster === null)
    throw new Error("No Kubernetes cluster is configured: set KUBECONFIG, or run inside of a cluster.")

  let pool: Dispatcher | undefined
  let current: Awaited<ReturnType<typeof credentials>> | undefined
  let readAt = 0
  return {
    server: cluster.server.replace(/\/+$/, ""),
    async prepare() {
      if (current === undefined || clock.now() - readAt > CREDENTIALS_AGE_MAX_MS) {
        current = await credentials(config)
        readAt = clock.now()
      }
      pool ??= createPool(config.createDispatcherOptions(cluster, current.tls))
      return { dispatcher: pool, headers: current.headers }
    },
    async close() {
      await pool?.destroy()
    },
  }
}

function defaultConfig(): KubeConfig {
  const config = new KubeConfig()
  config.loadFromDefault()
  return config
}

async function credentials(config: KubeConfig): Promise<{ headers: Record<string, string>; tls: https.AgentOptions }> {
  const options: https.RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name] = String(value)
  if (typeof options.auth === "string")
    headers["Authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`
  const tls: https.AgentOptions = {}
  for (const name of ["ca", "cert", "key", "pfx", "passphrase", "servername"] as const) {
    if (options[name] !== undefined) Object.assign(tls, { [name]: options[name] })
  }
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized
  return { headers, tls }
}

function createPool(options: ReturnType<KubeConfig["createDispatcherOptions"]>): Dispatcher {
  const limits = { allowH2: false, keepAliveTimeout: 30_000, headersTimeout: 30_000, bodyTimeout: 0 }
  switch (options.type) {
    case "agent":
      return new Agent({
        ...limits,
        connect: { ...(options.connect as buildConnector.BuildOptions), timeout: CONNECT_TIMEOUT_MS },
      })
    case "proxy":
      return new ProxyAgent({
        ...limits,
        uri: options.uri,
        requestTls: options.requestTls as buildConnector.BuildOptions,
      })
    case "none":
      return new Agent(limits)
    case "socks":
      throw new Error("A SOCKS proxy to the Kubernetes API is not supported.")
  }
}
