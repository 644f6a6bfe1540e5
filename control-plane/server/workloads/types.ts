import type { WorkloadReport } from "../../../pod-protocol/index.ts"
import type { Secret } from "../crypto/index.ts"

/** Why a session failed or waits, for a person who can act on it. */
export interface Reason {
  /** Stable: `image_pull`, `quota`, `unschedulable`, `clone_refused`, `provider_refused`, `start_timeout`, … */
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

/** A row of `workloads`, mapped: what a session runs in. */
export interface WorkloadRecord {
  readonly id: string
  readonly sessionId: string | null
  /** Name of its StatefulSet and Secret: `<release>-s-<id>`. */
  readonly name: string
  readonly password: Secret
  readonly createdAt: number
  /** The last report of one of its pods, and of which. */
  readonly report: { readonly podUid: string; readonly body: WorkloadReport } | null
}

/** What the cluster says of a workload, condensed. Times are milliseconds since the epoch. */
export interface WorkloadObservation {
  readonly statefulSet: { readonly uid: string; readonly replicas: number; readonly deleting: boolean } | null
  readonly pod: PodObservation | null
  /** Objects that still carry the workload's label, `Kind/name`. Empty when all is gone. */
  readonly remains: readonly string[]
}

export interface PodObservation {
  readonly uid: string
  readonly name: string
  readonly ip: string | null
  readonly deleting: boolean
  readonly createdAt: number
  /** When it should have been gone; null while it is not being deleted. */
  readonly deleteBy: number | null
  /** `Evicted` and the like, when the pod as a whole has failed. */
  readonly failure: { readonly reason: string; readonly message: string } | null
  readonly nodeReady: boolean
  readonly scheduledAt: number | null
  /** The scheduler's words while it finds no node. */
  readonly unschedulable: string | null
  readonly containers: readonly ContainerObservation[]
}

export interface ContainerObservation {
  readonly name: "auth" | "workspace-init" | "agent" | (string & {})
  readonly state: "waiting" | "running" | "terminated"
  /** The kubelet's reason (`ImagePullBackOff`, `OOMKilled`, …) and words. */
  readonly reason: string | null
  readonly message: string | null
  readonly exitCode: number | null
  readonly restarts: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** How its previous run ended, when it was started again. */
  readonly lastExit: {
    readonly reason: string | null
    readonly exitCode: number
    /** The end of its log, which Kubernetes keeps when a container fails. */
    readonly message?: string | undefined
    readonly at: number | null
    readonly ran_ms: number | null
  } | null
}
