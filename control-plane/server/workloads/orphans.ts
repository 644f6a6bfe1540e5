import type { Logger } from "pino"
import type { Cluster } from "../cluster/types.ts"
import { withElection } from "../database/index.ts"
import type { Database } from "../database/types.ts"
import type { Clock } from "../time/index.ts"
import { WORKLOAD_LABEL } from "./names.ts"
import type { WorkloadStore } from "./store.ts"

/** Younger objects may belong to a row whose transaction we cannot see yet. */
const GRACE_MS = 30_000

export interface OrphanParts {
  readonly cluster: Cluster
  readonly database: Database
  readonly store: WorkloadStore
  readonly clock: Clock
  readonly log: Logger
}

interface Found {
  readonly kind: "StatefulSet" | "Pod" | "PersistentVolumeClaim"
  readonly name: string
  readonly uid: string
  readonly workloadId: string
}

/**
 * Deletes objects with our release label whose workload has no row. One replica at a time; returns how many, or null
 * when another replica was at it. A database that knows no object of the release at all is a new or another one: then
 * nothing is deleted. Each is looked up again right before it is deleted, and its uid guards the deletion.
 */
export async function sweepOrphans(parts: OrphanParts): Promise<number | null> {
  let deleted = 0
  const elected = await withElection(parts.database, "orphanSweep", async () => {
    const candidates = findOldObjects(parts)
    if (candidates.length === 0) return
    const known = await parts.store.known([...new Set(candidates.map((one) => one.workloadId))])
    if (known.size === 0) {
      parts.log.warn(
        { objects: candidates.length },
        "the database knows none of this release's objects in the cluster; none is deleted",
      )
      return
    }
    for (const orphan of candidates.filter((one) => !known.has(one.workloadId))) {
      if ((await parts.store.known([orphan.workloadId])).size > 0) continue
      await deleteObject(parts.cluster, orphan)
      parts.log.warn({ kind: orphan.kind, name: orphan.name }, "deleted an object that belonged to no session")
      deleted += 1
    }
  })
  return elected ? deleted : null
}

function findOldObjects({ cluster, clock }: OrphanParts): Found[] {
  const views = [
    ["StatefulSet", cluster.statefulSets],
    ["Pod", cluster.pods],
    ["PersistentVolumeClaim", cluster.claims],
  ] as const
  return views.flatMap(([kind, view]) =>
    view.all().flatMap(({ metadata }) => {
      const workloadId = metadata?.labels?.[WORKLOAD_LABEL]
      const { name, uid, creationTimestamp, deletionTimestamp } = metadata ?? {}
      if (workloadId === undefined || name === undefined || uid === undefined || deletionTimestamp !== undefined)
        return []
      const age_ms = clock.now() - new Date(creationTimestamp ?? 0).getTime()
      return age_ms < GRACE_MS ? [] : [{ kind, name, uid, workloadId }]
    }),
  )
}

async function deleteObject(cluster: Cluster, { kind, name, uid }: Found): Promise<void> {
  if (kind === "StatefulSet") await cluster.deleteStatefulSet(name, uid)
  else if (kind === "Pod") await cluster.deletePod(name, uid)
  else await cluster.deleteClaim(name, uid)
}
