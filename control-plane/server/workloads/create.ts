import type { V1StatefulSet } from "@kubernetes/client-node"
import type { Logger } from "pino"
import { AGENT_PORT } from "../../../pod-protocol/index.ts"
import type { Cluster } from "../cluster/types.ts"
import type { Vault } from "../credentials/index.ts"
import type { Database } from "../database/types.ts"
import { AppError } from "../errors/index.ts"
import type { AgentTarget } from "../runtime/types.ts"
import type { Clock } from "../time/index.ts"
import { type Diagnosis, type DiagnosisInput, diagnose, isAboutVolume } from "./diagnosis/diagnose.ts"
import { isPullEvent } from "./diagnosis/pulls.ts"
import { enlargeVolume } from "./enlarge.ts"
import { claimName, podName, SESSION_LABEL, WORKLOAD_LABEL } from "./names.ts"
import { observe, observeLive } from "./observe.ts"
import { sweepOrphans } from "./orphans.ts"
import {
  type Extras,
  REPOSITORY_PATH,
  readExtras,
  renderClaim,
  renderSecret,
  renderStatefulSet,
  type TemplateConfig,
} from "./render/index.ts"
import { createWorkloadStore, type WorkloadStore } from "./store.ts"
import type { PodObservation, WorkloadObservation, WorkloadRecord } from "./types.ts"

export interface WorkloadsParts {
  readonly config: { readonly file: TemplateConfig }
  readonly cluster: Cluster
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Logger
}

/** Called right before each write to the cluster; throws when the caller has lost the right to make it. */
export type Guard = () => void

/** What sessions run in. Everything here may be repeated, and may be killed between any two steps. */
export interface Workloads {
  readonly store: WorkloadStore
  observe(workload: WorkloadRecord): WorkloadObservation
  observeLive(workload: WorkloadRecord): Promise<WorkloadObservation>
  /** StatefulSet without a pod, its Secret and its volume, then the pod. @throws AppError `upstream_refused` with Kubernetes' words */
  start(workload: WorkloadRecord, guard: Guard): Promise<void>
  /** Makes the Secret and the volume claim of a started session again, where they were deleted or changed. */
  repair(workload: WorkloadRecord, guard: Guard): Promise<void>
  /** Takes the pod away and keeps the volume. True once there is no pod. */
  stop(workload: WorkloadRecord, guard: Guard): Promise<boolean>
  /** Takes everything away. True once nothing is left. */
  remove(workload: WorkloadRecord, guard: Guard): Promise<boolean>
  deletePod(pod: PodObservation, guard: Guard): Promise<void>
  /** See `enlargeVolume`. */
  enlarge(sessionId: string, storageSize: string): Promise<void>
  /** Null while all goes its way. Asks the cluster for events only where they tell something new. */
  diagnose(workload: WorkloadRecord, observation: WorkloadObservation, startedAt: number): Promise<Diagnosis | null>
  /** Where the agent of this pod is reached; null while it has no address. */
  target(workload: WorkloadRecord, pod: PodObservation): AgentTarget | null
  /** Calls with the session id of a changed object, or null when anything may have changed. */
  onChange(listener: (sessionId: string | null) => void): () => void
  /** Sessions whose StatefulSet asks for a pod. */
  runningSessions(): string[]
  /** See `sweepOrphans`. */
  sweepOrphans(): Promise<number | null>
}

/** @throws Error that lists every fault of the operator's additions to the pod */
export function createWorkloads(parts: WorkloadsParts): Workloads {
  const { cluster, database, clock, log } = parts
  const config = parts.config.file
  const { extras, faults } = readExtras(config)
  if (faults.length > 0) throw new Error(`The settings for session pods are not possible:\n- ${faults.join("\n- ")}`)
  const store = createWorkloadStore({ database, vault: parts.vault, release: config.release })
  return {
    store,
    observe: (workload) => observe(cluster, workload),
    observeLive: (workload) => observeLive(cluster, workload),
    start: (workload, guard) => start({ cluster, store, config, extras }, workload, guard),
    repair: (workload, guard) => repair({ cluster, store, config, extras }, workload, guard),
    stop: (workload, guard) => stop(cluster, workload, guard),
    remove: (workload, guard) => remove(cluster, workload, guard),
    async deletePod(pod, guard) {
      guard()
      await cluster.deletePod(pod.name, pod.uid)
    },
    async enlarge(sessionId, storageSize) {
      const workload = await store.ofSession(sessionId)
      if (workload === null) throw new AppError("not_found", "There is no such session.")
      await enlargeVolume({ cluster, storageSize_max: config.sessionVolume.maxStorageSize }, workload, storageSize)
    },
    async diagnose(workload, observation, startedAt) {
      const told = await eventsFor(cluster, workload, observation, clock.now() - startedAt)
      const startTimeout_ms = config.sessions.startTimeout_s * 1000
      return diagnose({ observation, report: workload.report, ...told, startedAt, now: clock.now(), startTimeout_ms })
    },
    target(workload, pod) {
      if (pod.ip === null) return null
      const host = pod.ip.includes(":") ? `[${pod.ip}]` : pod.ip
      return { baseUrl: `http://${host}:${AGENT_PORT}`, password: workload.password, directory: REPOSITORY_PATH }
    },
    onChange(listener) {
      const tell = (object: { metadata?: { labels?: Record<string, string> } } | null) =>
        listener(object === null ? null : (object.metadata?.labels?.[SESSION_LABEL] ?? null))
      const stops = [cluster.pods, cluster.statefulSets, cluster.claims].map((view) => view.onChange(tell))
      return () => {
        for (const stopListening of stops) stopListening()
      }
    },
    runningSessions: () =>
      cluster.statefulSets.all().flatMap(({ metadata, spec }) => {
        const sessionId = metadata?.labels?.[SESSION_LABEL]
        return sessionId !== undefined && (spec?.replicas ?? 1) > 0 ? [sessionId] : []
      }),
    sweepOrphans: () => sweepOrphans({ cluster, database, store, clock, log }),
  }
}

interface StartParts {
  readonly cluster: Cluster
  readonly store: WorkloadStore
  readonly config: TemplateConfig
  readonly extras: Extras
}

async function start(parts: StartParts, workload: WorkloadRecord, guard: Guard): Promise<void> {
  const { cluster, store, config, extras } = parts
  if (workload.sessionId === null) throw new AppError("internal", "A workload without a session cannot be started.")
  // Read from the API server, not from the view: applying 0 replicas to one that runs would stop it.
  const existing = await cluster.getStatefulSet(workload.name)
  if (existing?.metadata?.deletionTimestamp !== undefined) {
    throw new AppError("unavailable", "The session's previous objects are still being deleted.")
  }
  if (existing !== null && existing.metadata?.labels?.[WORKLOAD_LABEL] !== workload.id) {
    throw new AppError("upstream_refused", `There is a StatefulSet ${workload.name} that is not Berth's.`)
  }
  const replicas = existing?.spec?.replicas ?? 0
  if (replicas === 1) return
  guard()
  if (replicas > 1) {
    // By hand: the first pod goes on, the others go.
    await cluster.scaleStatefulSet(workload.name, existing?.metadata?.uid ?? "", 1)
    return
  }
  const ids = { workloadId: workload.id, sessionId: workload.sessionId }
  const stored = await cluster.applyStatefulSet(renderStatefulSet({ config, extras, ...ids, existing }))
  const uid = stored.metadata?.uid ?? ""
  await makeOwned(parts, workload, stored, guard)
  guard()
  const scaled = await cluster.scaleStatefulSet(workload.name, uid, 1)
  if (!scaled) throw new AppError("unavailable", "The session's StatefulSet changed while it was started.")
  await store.remember(workload.id, uid)
}

/** What the StatefulSet owns. @throws Error when the StatefulSet as stored has no uid */
async function makeOwned(parts: StartParts, workload: WorkloadRecord, owner: V1StatefulSet, guard: Guard) {
  const { cluster, config } = parts
  const [sessionId, ownerUid] = [workload.sessionId ?? "", owner.metadata?.uid ?? ""]
  const claim = renderClaim(owner)
  const there = cluster.claims.get(claim.metadata?.name ?? "") !== undefined
  guard()
  await Promise.all([
    cluster.applySecret(
      renderSecret({ config, workloadId: workload.id, sessionId, password: workload.password, ownerUid }),
    ),
    there ? undefined : cluster.createClaim(claim),
  ])
}

async function repair(parts: StartParts, workload: WorkloadRecord, guard: Guard): Promise<void> {
  // Not from the view: a Secret with an owner that is no more is deleted by the garbage collector.
  const owner = await parts.cluster.getStatefulSet(workload.name)
  const { labels, deletionTimestamp } = owner?.metadata ?? {}
  if (owner === null || labels?.[WORKLOAD_LABEL] !== workload.id || deletionTimestamp !== undefined) return
  if (owner.spec?.replicas === 1) await makeOwned(parts, workload, owner, guard)
}

async function stop(cluster: Cluster, workload: WorkloadRecord, guard: Guard): Promise<boolean> {
  const { statefulSet, pod } = await observeLive(cluster, workload)
  if (statefulSet !== null && !statefulSet.deleting && statefulSet.replicas > 0) {
    guard()
    await cluster.scaleStatefulSet(workload.name, statefulSet.uid, 0)
  }
  if (pod !== null && !pod.deleting) {
    // The controller would do it too, a moment later; a pod that cannot even start its containers it may forget.
    guard()
    await cluster.deletePod(pod.name, pod.uid)
  }
  return pod === null
}

async function remove(cluster: Cluster, workload: WorkloadRecord, guard: Guard): Promise<boolean> {
  const { statefulSet, pod, remains } = await observeLive(cluster, workload)
  if (statefulSet !== null && !statefulSet.deleting) {
    guard()
    await cluster.deleteStatefulSet(workload.name, statefulSet.uid)
  }
  if (pod !== null && !pod.deleting) {
    guard()
    await cluster.deletePod(pod.name, pod.uid)
  }
  const claim = cluster.claims.get(claimName(workload.name))
  const { uid, labels, deletionTimestamp } = claim?.metadata ?? {}
  if (uid !== undefined && labels?.[WORKLOAD_LABEL] === workload.id && deletionTimestamp === undefined) {
    guard()
    await cluster.deleteClaim(claimName(workload.name), uid)
  }
  return remains.length === 0
}

/** Events cost a request, so they are read only when nothing else explains the wait. */
async function eventsFor(
  cluster: Cluster,
  workload: WorkloadRecord,
  observation: WorkloadObservation,
  waited_ms: number,
): Promise<Pick<DiagnosisInput, "events" | "pulls">> {
  const { pod, statefulSet } = observation
  const none = { events: [], pulls: [] }
  if (pod === null && (statefulSet === null || waited_ms < 2_000)) return none
  if (pod !== null && (waited_ms < 15_000 || pod.deleting)) return none
  const about = subjectOf(workload, pod)
  if (about === null) return none
  const all = (await cluster.eventsOf(about.kind, about.name)).filter(
    (event) => about.uid === undefined || event.involvedObject.uid === about.uid,
  )
  const told = (event: (typeof all)[number]) => ({
    container: event.involvedObject.fieldPath ?? "",
    reason: event.reason ?? "",
    message: event.message ?? "",
    at: new Date(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? 0).getTime(),
  })
  return {
    events: all.filter((event) => event.type === "Warning").map(told),
    pulls: all.filter((event) => isPullEvent(event.reason ?? "")).map(told),
  }
}

/** Whose events tell why a workload does not come up; null when the scheduler has said enough. */
function subjectOf(
  workload: WorkloadRecord,
  pod: PodObservation | null,
): { kind: string; name: string; uid?: string } | null {
  if (pod === null) return { kind: "StatefulSet", name: workload.name }
  if (pod.scheduledAt !== null) return { kind: "Pod", name: podName(workload.name), uid: pod.uid }
  const aboutVolume = pod.unschedulable === null || isAboutVolume(pod.unschedulable)
  return aboutVolume ? { kind: "PersistentVolumeClaim", name: claimName(workload.name) } : null
}
