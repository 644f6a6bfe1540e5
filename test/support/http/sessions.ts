import { afterAll } from "vitest"
import { createAudit } from "../../../control-plane/server/audit/index.ts"
import type { Cluster } from "../../../control-plane/server/cluster/types.ts"
import type { Config } from "../../../control-plane/server/config/index.ts"
import { createVault } from "../../../control-plane/server/credentials/index.ts"
import type { Secret } from "../../../control-plane/server/crypto/index.ts"
import { createNotifications, type Database } from "../../../control-plane/server/database/index.ts"
import { createLogger } from "../../../control-plane/server/observability/index.ts"
import { createRuntime } from "../../../control-plane/server/runtime/index.ts"
import { createSessions } from "../../../control-plane/server/sessions/index.ts"
import { systemClock as clock } from "../../../control-plane/server/time/index.ts"
import { createTranscripts } from "../../../control-plane/server/transcripts/index.ts"
import { enlargeVolume } from "../../../control-plane/server/workloads/enlarge.ts"
import type { Workloads } from "../../../control-plane/server/workloads/index.ts"
import { createWorkloadStore } from "../../../control-plane/server/workloads/store.ts"

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
