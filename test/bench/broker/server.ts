import { join } from "node:path"
import { createBroker } from "../../../control-plane/server/broker/index.ts"
import type { Cluster } from "../../../control-plane/server/cluster/index.ts"
import {
  createAwsIdentity,
  createEnvironmentFiles,
  createProfiles,
  createProviders,
  createStoredProviders,
  createVault,
} from "../../../control-plane/server/credentials/index.ts"
import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase } from "../../../control-plane/server/database/index.ts"
import { createLogger, createMetrics } from "../../../control-plane/server/observability/index.ts"
import { systemClock as clock } from "../../../control-plane/server/time/index.ts"
import { addSession, BROKER, readConfig } from "../../support/broker/installation.ts"
import { createStandInCluster } from "../../support/broker/stand-in-cluster.ts"

/**
 * A real broker over TLS in a process of its own. Takes the database's address, the directory with `tls/` and `keys/`,
 * and the upstream's port; answers its own port and the token of a session's pod.
 */
const [address = "", directory = "", upstreamPort = ""] = process.argv.slice(2)
const host = `127.0.0.1:${upstreamPort}`
const config = readConfig(directory, join(directory, "tls"), {
  broker: { ...BROKER, allowedModelRequests: { bench: ["POST /stream"] } },
  providers: { bench: { options: { baseURL: `http://${host}/v1` } } },
  git: { hosts: { [host]: { scheme: "http" } } },
})
const database = createDatabase({ url: new Secret(address), poolMax: 10 })
const log = createLogger({ level: "silent", replica: "bench" })
const vault = createVault({ keys: config.encryptionKeys })
const cluster = createStandInCluster()
const broker = createBroker({
  ...{ config, database, vault, clock, log },
  cluster: cluster as unknown as Cluster,
  providers: createProviders({ config, stored: createStoredProviders({ database, vault, log }) }),
  profiles: createProfiles({ config }),
  environmentFiles: createEnvironmentFiles({ config, log }),
  injector: { identity: createAwsIdentity(), now: () => clock.now() },
  transcripts: { publish: async () => undefined },
  metrics: createMetrics({ runtimeFigures: false }),
  audit: { record: async () => undefined },
})
const { port } = await broker.listen()
const repository = `http://${host}/team/app`
const session = await addSession({ database, cluster, vault }, { repository })
process.send?.({ port, token: await session.token() })
process.once("disconnect", () => process.exit(0))
