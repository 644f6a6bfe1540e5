import { afterAll } from "vitest"
import { createAudit } from "../../audit/index.ts"
import type { Cluster } from "../../cluster/types.ts"
import type { Config } from "../../config/index.ts"
import { createVault } from "../../credentials/index.ts"
import type { Secret } from "../../crypto/index.ts"
import { createNotifications, type Database } from "../../database/index.ts"
import { createLogger } from "../../observability/index.ts"
import { createRuntime } from "../../runtime/index.ts"
import { createSessions } from "../../sessions/index.ts"
import { systemClock as clock } from "../../time/index.ts"
import { createTranscripts } from "../../transcripts/index.ts"
import { enlargeVolume } from "../../workloads/enlarge.ts"
import type { Workloads } from "../../workloads/index.ts"
import { createWorkloadStore } from "../../workloads/store.ts"

const noObjects = { claims: { get: () => undefined } } as unknown as Cluster

/** The real session service without a cluster: for what a route answers before it needs one. */
export function sessionsWithoutCluster({ database, url, config }: { database: Database; url: Secret; config: Config }) {
  const log = createLogger({ level: "silent", replica: "test" })
  const vault = createVault({ keys: config.encryptionKeys })
  const notifications = createNotifications({ url, log, clock })
  afterAll(() => notifications.close())
  const store = createWorkloadStore({ database, vault, release: "berth" })
  return createSessions({
    database,
    vault,
    clock,
    notifications,
    config,
    audit: createAudit({ database, log }),
    transcripts: createTranscripts({ database, notifications, clock, log }),
    runtime: createRuntime({ clock, log }),
    workloads: {
      store,
      observe: () => ({ statefulSet: null, pod: null, remains: [] }),
      enlarge: (_session: string, size: string) =>
        enlargeVolume({ cluster: noObjects, storageSize_max: "20Gi" }, { id: "none", name: "none" }, size),
    } as unknown as Workloads,
    engine: { wake: () => undefined },
    choices: { check: async () => undefined, exposure: async () => ({ profile: null, binding: null, exposed: [] }) },
  })
}
