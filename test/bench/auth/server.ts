import { createAudit } from "../../../control-plane/server/audit/index.ts"
import { createCredentials, createVault } from "../../../control-plane/server/credentials/index.ts"
import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createDatabase, createNotifications } from "../../../control-plane/server/database/index.ts"
import { createHttp } from "../../../control-plane/server/http/index.ts"
import { type Authentication, createIdentity } from "../../../control-plane/server/identity/index.ts"
import { createHealth, createLogger, createMetrics } from "../../../control-plane/server/observability/index.ts"
import { createRuntime } from "../../../control-plane/server/runtime/index.ts"
import { createSessions, type Principal } from "../../../control-plane/server/sessions/index.ts"
import { systemClock as clock } from "../../../control-plane/server/time/index.ts"
import { createTranscripts } from "../../../control-plane/server/transcripts/index.ts"
import type { Workloads } from "../../../control-plane/server/workloads/index.ts"
import { testConfig } from "../../support/http/config.ts"

/**
 * A process of its own with two listeners on one database: one as it is, one that takes everybody for the same person
 * without asking. Takes the database's address and the person, answers the listeners' addresses.
 */
const [address = "", person = "{}"] = process.argv.slice(2)
const principal = JSON.parse(person) as Principal
const url = new Secret(address)
const config = testConfig()
const log = createLogger({ level: "silent", replica: "bench" })
const database = createDatabase({ url, poolMax: 10 })
const notifications = createNotifications({ url, log, clock })
const vault = createVault({ keys: config.encryptionKeys })
const audit = createAudit({ database, log })
const outside = () => Promise.reject(new Error("nothing outside is part of this measurement"))
const credentials = createCredentials({ config, database, vault, audit, log, clock, probe: outside, fetch: outside })
const sessions = createSessions({
  ...{ database, vault, clock, notifications, config, audit },
  transcripts: createTranscripts({ database, notifications, clock, log }),
  runtime: createRuntime({ clock, log }),
  workloads: {} as Workloads,
  choices: credentials.choices,
  engine: { wake: () => undefined },
})
const identity = createIdentity({ config, database, audit, log, clock, vault })
const fixed: Authentication = { kind: "login", principal, scopes: null, ambient: true }
const open = { ...identity, authenticate: async () => fixed }

async function listen(who: typeof identity): Promise<string> {
  const shared = { config, database, audit, credentials, clock, log, sessions }
  const metrics = createMetrics({ runtimeFigures: false })
  const http = await createHttp({ ...shared, identity: who, health: createHealth({}), metrics })
  return `http://127.0.0.1:${(await http.listen()).port}`
}

process.send?.({ authenticated: await listen(identity), open: await listen(open) })
process.once("disconnect", () => process.exit(0))
