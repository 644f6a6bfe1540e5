import { describe, expect, it } from "vitest"
import { podOf } from "../../sessions/testing/helpers.ts"
import { testWorld } from "../../sessions/testing/world.ts"

const world = testWorld()

/** Writes an event about the pod as the kubelet does. */
async function kubeletSays(pod: { name: string; uid: string }, reason: string, type: string): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z")
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { generateName: `${pod.name}.`, namespace: "sessions" },
    involvedObject: { kind: "Pod", namespace: "sessions", ...pod, fieldPath: "spec.containers{agent}" },
    reason,
    message: `${reason} of an image`,
    type,
    firstTimestamp: at,
    lastTimestamp: at,
  }
  await world.api.kubectl(["create", "-f", "-"], { input: JSON.stringify(event) })
}

describe("a start whose node pulls an image", () => {
  it("has not failed when its time is over, and has when the pull ended without an image", async () => {
    const { sessions, workloads, stop } = await world.replica()
    const { session } = await sessions.create(await world.user(), {})
    const pod = await podOf(world, session.id)
    await world.kubelet.waits(pod.name, "agent", "ContainerCreating", "")
    const workload = await workloads.store.ofSession(session.id)
    if (workload === null) throw new Error("a session without a workload")
    // As if it had begun longer ago than a start may take.
    const begun = Date.now() - 301_000
    const look = async () => await workloads.diagnose(workload, await workloads.observeLive(workload), begun)

    expect((await look())?.reason.code).toBe("start_timeout")
    await kubeletSays(pod, "Pulling", "Normal")
    expect(await look()).toBeNull()
    await kubeletSays(pod, "Failed", "Warning")
    expect(await look()).toMatchObject({
      reason: { code: "start_timeout", message: expect.stringContaining("Failed of an image") },
      final: true,
    })
    await stop()
  })
})
