import type { ContainerObservation, PodObservation } from "../../../control-plane/server/workloads/types.ts"

/** A container as the cluster shows it: an agent that has not begun, unless said otherwise. */
export function aContainer(fields: Partial<ContainerObservation> = {}): ContainerObservation {
  return {
    name: "agent",
    state: "waiting",
    reason: null,
    message: null,
    exitCode: null,
    restarts: 0,
    startedAt: null,
    endedAt: null,
    lastExit: null,
    ...fields,
  }
}

/** A pod as the cluster shows it: on a node since its creation, and nothing wrong with it, unless said otherwise. */
export function aPod(fields: Partial<PodObservation> = {}): PodObservation {
  const createdAt = fields.createdAt ?? 1
  return {
    uid: "pod-1",
    name: "berth-s-x-0",
    ip: null,
    deleting: false,
    deleteBy: null,
    createdAt,
    failure: null,
    nodeReady: true,
    scheduledAt: createdAt,
    unschedulable: null,
    containers: [],
    ...fields,
  }
}
