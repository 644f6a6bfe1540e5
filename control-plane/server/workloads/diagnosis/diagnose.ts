import type { ContainerObservation, PodObservation, Reason, WorkloadObservation, WorkloadRecord } from "../types.ts"
import { hintFor } from "./hints.ts"
import { lastError } from "./last-error.ts"
import { type PullEvent, pulledUntil } from "./pulls.ts"
import { volumeReason } from "./volume.ts"

/** An event of the cluster about the workload, newest first in a list. */
export interface WorkloadEvent {
  readonly reason: string
  readonly message: string
  readonly at: number
}

export interface DiagnosisInput {
  readonly observation: WorkloadObservation
  readonly report: WorkloadRecord["report"]
  /** Warnings about the StatefulSet (while there is no pod) or about the pod. */
  readonly events: readonly WorkloadEvent[]
  /** What the node says of the pod's images, warnings or not. */
  readonly pulls: readonly PullEvent[]
  /** When this start began, and what time it is. Milliseconds since the epoch. */
  readonly startedAt: number
  readonly now: number
  readonly startTimeout_ms: number
}

export interface Diagnosis {
  readonly reason: Reason
  /** True: waiting helps nobody, the start has failed. False: told to people while it may still pass. */
  readonly final: boolean
}

/** What the clocks of Kubernetes and ours may be apart, plus the second to which times of events are cut. */
const CLOCKS_APART_MS = 5_000
const IMAGE_GRACE_MS = 60_000
const REFUSED_GRACE_MS = 10_000
const CONTAINER_GRACE_MS = 30_000
/** A container that ended this often is in a loop. */
const RESTARTS_MAX = 3
/** What ran longer than this before it ended had started well. */
const LOOP_RUN_MS = 60_000

/** The first session on a new node waits for images: that does not count, up to so many times the time for a start. */
const PULL_TIMES_MAX = 3

const IMAGE_INVALID = ["InvalidImageName", "ErrImageNeverPull"]
const IMAGE_WAITING = ["ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"]
const REFUSED = ["CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError"]
// The registry's answer will be the same a minute later.
const IMAGE_HOPELESS =
  /not found|manifest unknown|no such image|unauthorized|denied|forbidden|authentication required|invalid reference|no match for platform/i

/** What stands between a workload and its agent, or null while all goes its way. Pure. */
export function diagnose(input: DiagnosisInput): Diagnosis | null {
  const found = input.observation.pod === null ? withoutPod(input) : withPod(input, input.observation.pod)
  if (found?.final || input.now <= deadlineOf(input)) return found
  if (found !== null) return { ...found, final: true }
  const seconds = Math.round((input.now - input.startedAt) / 1000)
  const pulling = pulledUntil(input.pulls, input.now) === input.now ? " Its node still pulls an image." : ""
  const words = input.events[0]?.message
  return because(
    "start_timeout",
    `The agent was not ready after ${seconds} s.${pulling}${words === undefined ? "" : ` Kubernetes: ${words}`}`,
    true,
  )
}

/** When the time for a start is over. */
function deadlineOf({ pulls, startedAt, now, startTimeout_ms }: DiagnosisInput): number {
  const begun = Math.max(startedAt, pulledUntil(pulls, now) ?? startedAt)
  return Math.min(begun + startTimeout_ms, startedAt + PULL_TIMES_MAX * startTimeout_ms)
}

function withoutPod(input: DiagnosisInput): Diagnosis | null {
  const event = input.events.find((one) => one.reason === "FailedCreate" && one.at >= input.startedAt - CLOCKS_APART_MS)
  if (input.observation.statefulSet === null || event === undefined) return null
  // Quota that another pod is just giving back is no failure.
  const final = input.now - input.startedAt > REFUSED_GRACE_MS
  const [code, what] = refusalOf(event.message)
  return because(code, `${what}: ${event.message}`, final)
}

function refusalOf(words: string): [code: string, what: string] {
  // A quota on limits takes no pod without them, however much room there is.
  if (/must specify/i.test(words))
    return ["quota_unset", "The namespace's quota asks for requests or limits that session pods do not have"]
  if (/exceeded quota|insufficient quota/i.test(words))
    return ["quota", "The namespace's quota leaves no room for this session"]
  return ["pod_refused", "Kubernetes refused the session's pod"]
}

function withPod(input: DiagnosisInput, pod: PodObservation): Diagnosis | null {
  if (pod.deleting) {
    const stuck = pod.deleteBy !== null && input.now - pod.deleteBy > CONTAINER_GRACE_MS
    return stuck || !pod.nodeReady
      ? because("node_not_ready", "The pod's node does not answer, so the pod cannot end.", false)
      : null
  }
  if (pod.failure !== null) {
    return ended(pod.failure)
  }
  if (pod.scheduledAt === null) return unscheduled(input, pod.unschedulable)
  const reported = reportedFailure(input, pod)
  if (reported !== null) return reported
  for (const container of pod.containers) {
    const found = ofContainer(input, pod, container)
    if (found !== null) return found
  }
  if (!pod.nodeReady) return because("node_not_ready", "The node of this session's pod does not answer.", false)
  const mount = input.events.find((one) => one.reason === "FailedMount" || one.reason === "FailedAttachVolume")
  const waiting = pod.containers.every((container) => container.state === "waiting")
  if (mount === undefined || !waiting) return null
  return MISSING.test(mount.message)
    ? because("object_missing", `Something that the pod mounts is missing: ${mount.message}`, false)
    : because("volume", `A volume cannot be mounted: ${mount.message}`, false)
}

/** The kubelet's words for a pod that took more of its node's disk than it may: a volume, a container, or all of it. */
const SCRATCH_LIMIT = /usage of EmptyDir volume|exceed(s|ed) .*(ephemeral storage|limit of containers)/i

function ended({ reason, message }: { readonly reason: string; readonly message: string }): Diagnosis {
  if (reason === "Evicted" && SCRATCH_LIMIT.test(message)) {
    return because(
      "scratch_full",
      `The session wrote more to /tmp and its home directory than it may: ${message}`,
      false,
    )
  }
  return because(reason === "Evicted" ? "evicted" : "crash_loop", `The pod was ended by its node: ${message}`, false)
}

const MISSING = /\b(secret|configmap)s? "[^"]+" not found/i

/** Whether the scheduler's words are about the pod's volume, and not about room on the nodes. */
export function isAboutVolume(words: string): boolean {
  return /persistent ?volume|volume node affinity|max volume count/i.test(words)
}

/** Volumes that are made when their pod is placed keep the scheduler silent while they cannot be made. */
function unscheduled({ events, startedAt }: DiagnosisInput, words: string | null): Diagnosis | null {
  if (words !== null && !isAboutVolume(words)) {
    return because("unschedulable", `No node takes this session: ${words}`, false)
  }
  const failed = events.find(({ reason, at }) => reason === "ProvisioningFailed" && at >= startedAt - CLOCKS_APART_MS)
  const known = [words, failed?.message].filter((one) => one != null)
  return known.length === 0 ? null : because("volume_unbound", `This session gets no volume: ${known.join(" ")}`, false)
}

function reportedFailure(input: DiagnosisInput, pod: PodObservation): Diagnosis | null {
  const { report } = input
  if (report === null || report.podUid !== pod.uid || report.body.phase !== "failed") return null
  return because(
    report.body.code ?? "workspace_failed",
    report.body.message ?? "The workspace could not be prepared.",
    true,
  )
}

function ofContainer(input: DiagnosisInput, pod: PodObservation, container: ContainerObservation): Diagnosis | null {
  const { name, reason, message } = container
  const words = message === null || message === "" ? (reason ?? "") : message
  const waited_ms = input.now - Math.max(pod.scheduledAt ?? 0, input.startedAt)
  if (reason !== null && IMAGE_INVALID.includes(reason))
    return because("image_invalid", `The image of "${name}" cannot be used: ${words}`, true)
  if (reason !== null && IMAGE_WAITING.includes(reason)) {
    const final = waited_ms > IMAGE_GRACE_MS || IMAGE_HOPELESS.test(words)
    return because("image_pull", `The image of "${name}" cannot be pulled: ${words}`, final)
  }
  if (reason !== null && REFUSED.includes(reason)) {
    return because(
      "container_refused",
      `The container "${name}" cannot be started: ${words}`,
      waited_ms > CONTAINER_GRACE_MS,
    )
  }
  const { lastExit } = container
  if (container.restarts < RESTARTS_MAX || container.state === "running") return null
  if (lastExit?.ran_ms !== undefined && lastExit.ran_ms !== null && lastExit.ran_ms > LOOP_RUN_MS) return null
  if (lastExit?.reason === "OOMKilled" || reason === "OOMKilled") {
    const code = name === "workspace-init" ? "clone_out_of_memory" : "out_of_memory"
    return because(code, `The container "${name}" ran out of memory ${container.restarts} times.`, true)
  }
  const exit = lastExit === null ? "" : `, last with exit code ${lastExit.exitCode}`
  const full = volumeReason(input.report, pod.uid)
  if (full?.code === "disk_full" && name === "agent") return { reason: full, final: true }
  const code = name === "workspace-init" ? "workspace_failed" : "crash_loop"
  const error = lastError(lastExit?.message ?? "")
  const said = error === null ? "" : ` Its last error: ${error}`
  return because(code, `The container "${name}" ended ${container.restarts} times${exit}.${said}`, true)
}

function because(code: string, message: string, final: boolean): Diagnosis {
  return { reason: { code, message: message.slice(0, 2_000), hint: hintFor(code) }, final }
}
