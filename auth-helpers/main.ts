/**
 * The auth sidecar of a session's pod: a relay on loopback that proves to the broker which pod is calling. It holds no
 * stored credential; the broker adds what a request needs.
 */
import { createServer, type Server } from "node:http"
import { AGENT_PORT } from "../pod-protocol/index.ts"
import { createBrokerLink } from "./sidecar/broker-link.ts"
import { createHelpers } from "./sidecar/helpers.ts"
import { portCloses } from "./sidecar/port-closes.ts"
import { runHelper } from "./sidecar/run-helper.ts"
import { createSidecar } from "./sidecar/server.ts"
import { createSessionSource } from "./sidecar/session.ts"
import { type Listen, readSettings } from "./sidecar/settings.ts"
import { createTokens } from "./sidecar/tokens.ts"

// The pod's containers are told to end at the same moment, and the agent finishes its turn through us.
const AGENT_END_MS = 8_000
// What still streams when the agent has gone has this long.
const DRAIN_MS = 2_000

const log = (line: string) => process.stderr.write(`berth-auth: ${line}\n`)

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const broker = await createBrokerLink(settings)
  const now = () => performance.now()
  const tokens = createTokens({
    now,
    run: ({ command, environment }) =>
      runHelper(command, {
        directory: settings.helperDirectory,
        environment: { ...settings.helperEnvironment, ...environment },
        log,
      }),
  })
  const helpers = createHelpers({ session: createSessionSource({ broker, now }), tokens })
  const sidecar = createSidecar({ broker, helpers, log })
  const health = createHealth(() => sidecar.listening)
  await listen(sidecar, settings.listen)
  await listen(health, settings.healthListen)
  log(`listening on ${settings.listen.host}:${settings.listen.port}, broker ${settings.brokerUrl.host}`)
  const stop = async () => {
    health.close()
    await portCloses(AGENT_PORT, AGENT_END_MS)
    sidecar.close(() => process.exit(0))
    sidecar.closeIdleConnections()
    setTimeout(() => process.exit(0), DRAIN_MS).unref()
  }
  process.once("SIGTERM", () => void stop())
  process.once("SIGINT", () => void stop())
}

function createHealth(healthy: () => boolean): Server {
  return createServer((request, response) => {
    const found = request.url === "/healthz" && (request.method === "GET" || request.method === "HEAD")
    response.writeHead(found ? (healthy() ? 200 : 503) : 404, { "content-type": "text/plain" })
    response.end(found ? "ok\n" : "not found\n")
  })
}

function listen(server: Server, { host, port }: Listen): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

main().catch((error) => {
  log(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
