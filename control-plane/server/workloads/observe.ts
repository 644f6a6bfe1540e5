import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod, V1StatefulSet } from "@kubernetes/client-node"
import type { Cluster } from "../cluster/types.ts"
import { podName, WORKLOAD_LABEL } from "./names.ts"
import type { ContainerObservation, PodObservation, WorkloadObservation, WorkloadRecord } from "./types.ts"

type Named = Pick<WorkloadRecord, "id" | "name">

/** What the views say of a workload; may be a moment old. */
export function observe(cluster: Cluster, workload: Named): WorkloadObservation {
  const statefulSet = cluster.statefulSets.get(workload.name) ?? null
  const pod = cluster.pods.get(podName(workload.name)) ?? null
  return condense(workload, statefulSet, pod, remainsOf(cluster, workload))
}

/** What the API server says of it now. @throws AppError `unavailable` */
export async function observeLive(cluster: Cluster, workload: Named): Promise<WorkloadObservation> {
  const name = podName(workload.name)
  const [statefulSet, pod] = await Promise.all([cluster.getStatefulSet(workload.name), cluster.getPod(name)])
  const claims = remainsOf(cluster, workload).filter((one) => one.startsWith("PersistentVolumeClaim/"))
  const remains = [
    ...(isOurs(statefulSet, workload) ? [`StatefulSet/${workload.name}`] : []),
    ...(isOurs(pod, workload) ? [`Pod/${name}`] : []),
    ...claims,
  ]
  return condense(workload, statefulSet, pod, remains)
}

function remainsOf(cluster: Cluster, workload: Named): string[] {
  const named = (kind: string, objects: { metadata?: { name?: string } }[]) =>
    objects.map((object) => `${kind}/${object.metadata?.name ?? ""}`)
  return [
    ...named("StatefulSet", cluster.statefulSets.byLabel(WORKLOAD_LABEL, workload.id)),
    ...named("Pod", cluster.pods.byLabel(WORKLOAD_LABEL, workload.id)),
    ...named("PersistentVolumeClaim", cluster.claims.byLabel(WORKLOAD_LABEL, workload.id)),
  ]
}

function isOurs(object: V1Pod | V1StatefulSet | null, workload: Named): boolean {
  return object?.metadata?.labels?.[WORKLOAD_LABEL] === workload.id
}

function condense(
  workload: Named,
  statefulSet: V1StatefulSet | null,
  pod: V1Pod | null,
  remains: readonly string[],
): WorkloadObservation {
  return {
    statefulSet:
      statefulSet === null || !isOurs(statefulSet, workload)
        ? null
        : {
            uid: statefulSet.metadata?.uid ?? "",
            replicas: statefulSet.spec?.replicas ?? 1,
            deleting: statefulSet.metadata?.deletionTimestamp !== undefined,
          },
    pod: pod !== null && isOurs(pod, workload) ? condensePod(pod) : null,
    remains,
  }
}

/** A pod in few words. Pure. */
export function condensePod(pod: V1Pod): PodObservation {
  const { metadata, status } = pod
  const condition = (type: string) => status?.conditions?.find((one) => one.type === type)
  const scheduled = condition("PodScheduled")
  return {
    uid: metadata?.uid ?? "",
    name: metadata?.name ?? "",
    // A pod that is over keeps its address in its status, while the network gives it to the next one.
    ip: status?.phase === "Failed" || status?.phase === "Succeeded" ? null : (status?.podIP ?? null),
    deleting: metadata?.deletionTimestamp !== undefined,
    deleteBy: time(metadata?.deletionTimestamp),
    createdAt: time(metadata?.creationTimestamp) ?? 0,
    failure:
      status?.phase === "Failed"
        ? { reason: status.reason ?? "Failed", message: status.message ?? "The pod failed." }
        : null,
    // The node's controller takes back "Ready" of pods whose node does not answer; the containers' own state stays.
    nodeReady:
      status?.phase !== "Unknown" &&
      !(condition("ContainersReady")?.status === "True" && condition("Ready")?.status === "False"),
    scheduledAt: scheduled?.status === "True" ? (time(scheduled.lastTransitionTime) ?? 0) : null,
    // "SchedulerError" is a conflict or a fault on the scheduler's side, which it tries again by itself.
    unschedulable:
      scheduled?.status === "False" && scheduled.reason !== "SchedulerError"
        ? (scheduled.message ?? "no node found yet")
        : null,
    containers: (status?.containerStatuses ?? []).map(condenseContainer),
  }
}

function condenseContainer(status: V1ContainerStatus): ContainerObservation {
  const { waiting, running, terminated } = status.state ?? {}
  const last = status.lastState?.terminated
  return {
    name: status.name,
    state: running ? "running" : terminated ? "terminated" : "waiting",
    reason: waiting?.reason ?? terminated?.reason ?? null,
    message: waiting?.message ?? terminated?.message ?? null,
    exitCode: terminated?.exitCode ?? null,
    restarts: status.restartCount,
    startedAt: time(running?.startedAt ?? terminated?.startedAt),
    endedAt: time(terminated?.finishedAt),
    lastExit: last === undefined ? null : lastExitOf(last),
  }
}

function lastExitOf(last: V1ContainerStateTerminated): ContainerObservation["lastExit"] {
  const [from, to] = [time(last.startedAt), time(last.finishedAt)]
  const ran_ms = from === null || to === null ? null : to - from
  return { reason: last.reason ?? null, exitCode: last.exitCode, message: last.message, at: to, ran_ms }
}

/** Times arrive as text, whatever the client's types say. */
function time(value: Date | string | undefined): number | null {
  return value === undefined ? null : new Date(value).getTime()
}
