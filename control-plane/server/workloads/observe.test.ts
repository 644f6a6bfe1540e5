import type { V1Pod } from "@kubernetes/client-node"
import { describe, expect, it } from "vitest"
import { condensePod } from "./observe.ts"

const AT = "2026-11-01T10:00:00Z"

/** As the API server sends it: times are text. */
function pod(status: object, metadata: object = {}): V1Pod {
  return { metadata: { name: "p", uid: "u", creationTimestamp: AT, ...metadata }, status } as unknown as V1Pod
}

const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  lastTransitionTime: AT,
  ...more,
})

describe("a pod, condensed", () => {
  it("knows nothing of a pod that was just made", () => {
    expect(condensePod(pod({}))).toMatchObject({ ip: null, scheduledAt: null, unschedulable: null, nodeReady: true })
  })

  it("has no address once it is over: the next pod may have it by then", () => {
    const ipOf = (phase: string) => condensePod(pod({ phase, podIP: "10.0.0.7" })).ip
    expect([ipOf("Running"), ipOf("Pending"), ipOf("Unknown")]).toEqual(["10.0.0.7", "10.0.0.7", "10.0.0.7"])
    expect([ipOf("Failed"), ipOf("Succeeded")]).toEqual([null, null])
  })

  it("keeps the scheduler's words", () => {
    const status = { conditions: [condition("PodScheduled", "False", { reason: "Unschedulable", message: "no room" })] }
    expect(condensePod(pod(status))).toMatchObject({ scheduledAt: null, unschedulable: "no room" })
  })

  it("does not take a conflict that the scheduler tries again by itself for a lack of room", () => {
    const conflict = condition("PodScheduled", "False", {
      reason: "SchedulerError",
      message: "object has been modified",
    })
    expect(condensePod(pod({ conditions: [conflict] }))).toMatchObject({ scheduledAt: null, unschedulable: null })
  })

  it("takes a pod whose containers are ready and which is not for one on a silent node", () => {
    const silent = [condition("ContainersReady", "True"), condition("Ready", "False")]
    expect(condensePod(pod({ phase: "Running", conditions: silent })).nodeReady).toBe(false)
    const starting = [condition("ContainersReady", "False"), condition("Ready", "False")]
    expect(condensePod(pod({ phase: "Running", conditions: starting })).nodeReady).toBe(true)
  })

  it("tells how a container's last run ended and how long it was", () => {
    const terminated = { exitCode: 137, reason: "OOMKilled", startedAt: AT, finishedAt: "2026-11-01T10:00:09Z" }
    const status = {
      containerStatuses: [
        { name: "agent", restartCount: 2, state: { running: { startedAt: AT } }, lastState: { terminated } },
      ],
    }
    expect(condensePod(pod(status)).containers).toMatchObject([
      { name: "agent", state: "running", restarts: 2, lastExit: { reason: "OOMKilled", exitCode: 137, ran_ms: 9_000 } },
    ])
  })

  it("tells an eviction and a deletion", () => {
    expect(condensePod(pod({ phase: "Failed", reason: "Evicted", message: "low on memory" })).failure).toEqual({
      reason: "Evicted",
      message: "low on memory",
    })
    expect(condensePod(pod({}, { deletionTimestamp: AT }))).toMatchObject({ deleting: true, deleteBy: Date.parse(AT) })
  })
})
