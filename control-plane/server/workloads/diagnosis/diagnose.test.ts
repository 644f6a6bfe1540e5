import { describe, expect, it } from "vitest"
import { aContainer, aPod } from "../../../../test/support/workloads/observation.ts"
import type { PodObservation, WorkloadObservation } from "../types.ts"
import { type DiagnosisInput, diagnose } from "./diagnose.ts"

const START = 1_000_000
const seconds = (count: number) => START + count * 1000

const container = aContainer
const pod = (fields: Partial<PodObservation> = {}) => aPod({ createdAt: START, ...fields })

function find(fields: Partial<Omit<DiagnosisInput, "observation">> & { pod?: PodObservation | null } = {}) {
  const { pod: observed = null, ...rest } = fields
  const observation: WorkloadObservation = {
    statefulSet: { uid: "s", replicas: 1, deleting: false },
    pod: observed,
    remains: [],
  }
  const base = { report: null, events: [], pulls: [], startedAt: START, now: seconds(3), startTimeout_ms: 300_000 }
  const found = diagnose({ ...base, observation, ...rest })
  return (
    found && { code: found.reason.code, message: found.reason.message, hint: found.reason.hint, final: found.final }
  )
}

describe("the diagnosis of a start", () => {
  it("has nothing to say while all goes its way", () => {
    expect(find()).toBeNull()
    expect(find({ pod: pod({ containers: [container({ reason: "ContainerCreating" })] }) })).toBeNull()
  })

  it("repeats the scheduler's words while no node takes the pod, and waits", () => {
    const words = "0/3 nodes are available: 3 Insufficient memory."
    const found = find({ pod: pod({ scheduledAt: null, unschedulable: words }) })
    expect(found).toMatchObject({ code: "unschedulable", final: false })
    expect(found?.message).toContain(words)
  })

  it("tells a volume that cannot be had from a lack of room, with the provisioner's words", () => {
    const words = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    const events = [{ reason: "ProvisioningFailed", message: 'storageclass "fast" not found', at: seconds(1) }]
    const bound = pod({ scheduledAt: null, unschedulable: words })
    expect(find({ pod: bound })).toMatchObject({ code: "volume_unbound", final: false })
    expect(find({ pod: bound, events })?.message).toBe(
      `This session gets no volume: ${words} storageclass "fast" not found`,
    )
    // Where volumes are made when the pod is placed, the scheduler says nothing meanwhile.
    expect(find({ pod: pod({ scheduledAt: null }), events })).toMatchObject({ code: "volume_unbound" })
    expect(find({ pod: pod({ scheduledAt: null }) })).toBeNull()
    expect(find({ pod: bound, events, now: seconds(301) })).toMatchObject({ code: "volume_unbound", final: true })
  })

  it("gives up with the same words when the time for a start is over", () => {
    const observed = pod({ scheduledAt: null, unschedulable: "no room" })
    expect(find({ pod: observed, now: seconds(301) })).toMatchObject({ code: "unschedulable", final: true })
  })

  it("an agent that ends again and again on a full volume has a full volume, with its numbers", () => {
    const agent = container({
      name: "agent",
      restarts: 3,
      lastExit: { reason: "Error", exitCode: 1, at: null, ran_ms: 900 },
    })
    const observed = pod({ containers: [agent] })
    const volume = { totalBytes: 272 * 1024 ** 2, freeBytes: 0, reserve: false }
    const report = { podUid: observed.uid, body: { source: "workspace-init", phase: "ready", volume } } as const
    expect(find({ pod: observed })).toMatchObject({ code: "crash_loop", final: true })
    expect(find({ pod: observed, report })).toMatchObject({
      code: "disk_full",
      message: "The session's volume is full: 272 MiB of 272 MiB used, 0 bytes free.",
      final: true,
    })
  })

  it("does not wait for an image that the registry refuses", () => {
    const message = 'failed to pull image "x": manifest unknown'
    const observed = pod({ containers: [container({ reason: "ErrImagePull", message })] })
    expect(find({ pod: observed })).toMatchObject({ code: "image_pull", final: true })
  })

  it("waits for a registry that may answer in a moment, but not for ever", () => {
    const observed = pod({ containers: [container({ reason: "ErrImagePull", message: "i/o timeout" })] })
    expect(find({ pod: observed })).toMatchObject({ code: "image_pull", final: false })
    expect(find({ pod: observed, now: seconds(61) })).toMatchObject({ code: "image_pull", final: true })
  })

  it("knows an image name that can never be pulled", () => {
    const observed = pod({ containers: [container({ name: "auth", reason: "InvalidImageName" })] })
    expect(find({ pod: observed })).toMatchObject({ code: "image_invalid", final: true })
  })

  it("tells a quota's refusal from the events of the StatefulSet", () => {
    const message = 'create Pod x-0 failed error: pods "x-0" is forbidden: exceeded quota: sessions'
    const events = [{ reason: "FailedCreate", message, at: seconds(1) }]
    expect(find({ events })).toMatchObject({ code: "quota", final: false })
    expect(find({ events, now: seconds(11) })).toMatchObject({ code: "quota", final: true })
    expect(find({ events, now: seconds(11) })?.message).toContain(message)
  })

  it("does not blame this start for events of an earlier one", () => {
    expect(find({ events: [{ reason: "FailedCreate", message: "exceeded quota", at: START - 60_000 }] })).toBeNull()
  })

  it("tells a quota that asks for limits from one that is full", () => {
    const message =
      'pods "x-0" is forbidden: failed quota: team: must specify limits.cpu for: agent,auth,workspace-init'
    const found = find({ events: [{ reason: "FailedCreate", message, at: seconds(1) }], now: seconds(11) })
    expect(found).toMatchObject({ code: "quota_unset", final: true })
    expect(found?.hint).toContain("sessions.sidecarResources")
  })

  it.each([
    'Usage of EmptyDir volume "berth-tmp" exceeds the limit "4Gi". ',
    "Pod ephemeral local storage usage exceeds the total limit of containers 5Gi. ",
    'Container agent exceeded its local ephemeral storage limit "5Gi". ',
  ])("tells a session that wrote too much to its node's disk: %s", (message) => {
    const found = find({ pod: pod({ failure: { reason: "Evicted", message } }) })
    expect(found).toMatchObject({ code: "scratch_full", final: false })
    expect(found?.message).toContain(message)
    expect(found?.hint).toContain("sessions.scratchSize")
  })

  it("tells a node that is short of disk itself", () => {
    const message = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 900Mi. "
    expect(find({ pod: pod({ failure: { reason: "Evicted", message } }) })).toMatchObject({ code: "evicted" })
  })

  it("names the limit of the container that ran out of memory while cloning", () => {
    const lastExit = { reason: "OOMKilled", exitCode: 137, at: null, ran_ms: 1_000 }
    const killed = container({ name: "workspace-init", reason: "CrashLoopBackOff", restarts: 3, lastExit })
    const found = find({ pod: pod({ containers: [killed] }) })
    expect(found).toMatchObject({ code: "clone_out_of_memory", final: true })
    expect(found?.hint).toContain("sessions.sidecarResources.workspace-init.limits.memory")
  })

  it("tells a refused pod from a full quota", () => {
    const events = [{ reason: "FailedCreate", message: "violates PodSecurity", at: seconds(1) }]
    expect(find({ events, now: seconds(11) })).toMatchObject({ code: "pod_refused", final: true })
  })

  it("names the error that the agent printed last", () => {
    const message = "level=INFO\nError: Configuration is invalid at opencode.json\n↳ Missing key provider.v.npm\n"
    const lastExit = { reason: "Error", exitCode: 1, message, at: null, ran_ms: 900 }
    const observed = pod({ containers: [container({ reason: "CrashLoopBackOff", restarts: 9, lastExit })] })
    expect(find({ pod: observed })).toMatchObject({
      code: "crash_loop",
      message: expect.stringMatching(
        /exit code 1\. Its last error: Configuration is invalid at opencode\.json; Missing key provider\.v\.npm$/,
      ),
    })
  })

  it("ends at once when workspace-init says that the repository cannot be cloned", () => {
    const body = { source: "workspace-init", phase: "failed", code: "clone_refused", message: "fatal: denied" } as const
    const observed = pod({ containers: [container({ name: "workspace-init", state: "running" })] })
    expect(find({ pod: observed, report: { podUid: "pod-1", body } })).toMatchObject({
      code: "clone_refused",
      message: "fatal: denied",
      final: true,
    })
  })

  it("ignores what an earlier pod reported", () => {
    const body = { source: "workspace-init", phase: "failed", code: "clone_refused" } as const
    expect(find({ pod: pod(), report: { podUid: "pod-0", body } })).toBeNull()
  })

  it("tells a loop by lack of memory from other loops, and neither from a single end", () => {
    const lastExit = (reason: string) => ({ reason, exitCode: 137, at: null, ran_ms: 2_000 })
    const ended = (restarts: number, reason: string) =>
      pod({ containers: [container({ reason: "CrashLoopBackOff", restarts, lastExit: lastExit(reason) })] })
    expect(find({ pod: ended(1, "OOMKilled") })).toBeNull()
    expect(find({ pod: ended(3, "OOMKilled") })).toMatchObject({ code: "out_of_memory", final: true })
    expect(find({ pod: ended(3, "Error") })).toMatchObject({ code: "crash_loop", final: true })
  })

  it("does not call it a loop when the container had run well before", () => {
    const lastExit = { reason: "Error", exitCode: 1, at: null, ran_ms: 3_600_000 }
    const observed = pod({ containers: [container({ reason: "CrashLoopBackOff", restarts: 9, lastExit })] })
    expect(find({ pod: observed })).toBeNull()
  })

  it("tells a node that is gone", () => {
    expect(find({ pod: pod({ nodeReady: false }) })).toMatchObject({ code: "node_not_ready", final: false })
    const stuck = pod({ deleting: true, deleteBy: START - 60_000 })
    expect(find({ pod: stuck })).toMatchObject({ code: "node_not_ready" })
  })

  it("tells a volume that cannot be mounted", () => {
    const events = [{ reason: "FailedMount", message: "MountVolume.SetUp failed", at: seconds(20) }]
    const observed = pod({ containers: [container({ reason: "ContainerCreating" })] })
    expect(find({ pod: observed, events })).toMatchObject({ code: "volume", final: false })
  })

  it.each([
    'MountVolume.SetUp failed for volume "auth-secret" : secret "berth-s-1" not found',
    'MountVolume.SetUp failed for volume "broker-ca" : configmap "berth-broker-ca" not found',
  ])("tells what a pod waits for that is not there: %s", (message) => {
    const events = [{ reason: "FailedMount", message, at: seconds(20) }]
    const observed = pod({ containers: [container({ reason: "ContainerCreating" })] })
    expect(find({ pod: observed, events })).toMatchObject({ code: "object_missing", final: false })
  })

  it("tells a container that cannot be made, after the kubelet had its time", () => {
    const observed = pod({
      containers: [container({ reason: "CreateContainerConfigError", message: 'secret "x" not found' })],
    })
    expect(find({ pod: observed })).toMatchObject({ code: "container_refused", final: false })
    expect(find({ pod: observed, now: seconds(31) })).toMatchObject({ code: "container_refused", final: true })
  })

  it("says how long it waited when it knows nothing better, with the last words of the cluster", () => {
    const events = [{ reason: "Unhealthy", message: "Startup probe failed", at: seconds(200) }]
    const observed = pod({ containers: [container({ state: "running" })] })
    const found = find({ pod: observed, events, now: seconds(301) })
    expect(found).toMatchObject({ code: "start_timeout", final: true })
    expect(found?.message).toContain("301 s")
    expect(found?.message).toContain("Startup probe failed")
  })

  const pull = (reason: string, at: number, message = "", name = "agent") => ({
    container: `spec.containers{${name}}`,
    reason,
    message,
    at: seconds(at),
  })
  const creating = pod({ containers: [container({ reason: "ContainerCreating" })] })

  it("does not count the time in which the node pulls an image, up to three times the time for a start", () => {
    const pulls = [pull("Pulling", 20)]
    expect(find({ pod: creating, pulls, now: seconds(301) })).toBeNull()
    expect(find({ pod: creating, pulls, now: seconds(900) })).toBeNull()
    const found = find({ pod: creating, pulls, now: seconds(901) })
    expect(found).toMatchObject({ code: "start_timeout", final: true })
    expect(found?.message).toBe("The agent was not ready after 901 s. Its node still pulls an image.")
  })

  it("gives a start its whole time after the last image has come", () => {
    const pulls = [
      pull("Pulled", 400, 'Successfully pulled image "b" in 5m', "agent"),
      pull("Pulling", 100, "", "agent"),
      pull("Pulled", 90, 'Successfully pulled image "a" in 1m', "auth"),
      pull("Pulling", 20, "", "auth"),
    ]
    expect(find({ pod: creating, pulls, now: seconds(700) })).toBeNull()
    expect(find({ pod: creating, pulls, now: seconds(701) })).toMatchObject({ code: "start_timeout", final: true })
  })

  it("counts all the time where no image came: it was there already, or the registry did not give it", () => {
    for (const end of ["Failed", "BackOff"]) {
      const pulls = [pull(end, 250), pull("Pulling", 200)]
      expect(find({ pod: creating, pulls, now: seconds(301) })).toMatchObject({ final: true })
    }
    const present = [pull("Pulled", 250, 'Container image "x" already present on machine')]
    expect(find({ pod: creating, pulls: present, now: seconds(301) })).toMatchObject({ final: true })
  })

  it("has a hint for every reason", () => {
    expect(find({ pod: pod({ nodeReady: false }) })?.hint).toMatch(/\w/)
    const body = { source: "workspace-init", phase: "failed", code: "something_new", message: "x" } as const
    expect(find({ pod: pod(), report: { podUid: "pod-1", body } })?.hint).toContain("Retry")
  })
})
