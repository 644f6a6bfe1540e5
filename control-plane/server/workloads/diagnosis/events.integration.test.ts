import { describe, expect, it } from "vitest"
import { allGone, podOf } from "../../../../test/support/sessions/helpers.ts"
import { testWorld } from "../../../../test/support/sessions/world.ts"
import { claimName } from "../names.ts"

const world = testWorld()

interface Subject {
  readonly kind: "Pod" | "PersistentVolumeClaim"
  readonly name: string
  readonly uid?: string
  readonly fieldPath?: string
}

/** Writes an event as Kubernetes' own programs do. */
async function kubernetesSays(about: Subject, reason: string, type: string, message: string): Promise<void> {
  const at = new Date().toISOString().replace(/\.\d+Z$/, "Z")
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { generateName: `${about.name}.`, namespace: "sessions" },
    involvedObject: { namespace: "sessions", ...about },
    reason,
    message,
    type,
    firstTimestamp: at,
    lastTimestamp: at,
  }
  await world.api.kubectl(["create", "-f", "-"], { input: JSON.stringify(event) })
}

/** A session whose pod is there, and a look at it as if it had begun `ago_ms` ago. */
async function begun() {
  const { sessions, workloads, stop } = await world.replica()
  const user = await world.user()
  const { session } = await sessions.create(user, {})
  const pod = await podOf(world, session.id)
  const workload = await workloads.store.ofSession(session.id)
  if (workload === null) throw new Error("a session without a workload")
  const look = async (ago_ms: number) =>
    await workloads.diagnose(workload, await workloads.observeLive(workload), Date.now() - ago_ms)
  const end = async () => {
    await sessions.delete(user, session.id)
    await allGone(world)
    await stop()
  }
  return { pod, workload, look, end }
}

describe("the events of a start", () => {
  it("keep it from failing while its node pulls an image, and not when the pull ended without one", async () => {
    const { pod, look, end } = await begun()
    await world.kubelet.waits(pod.name, "agent", "ContainerCreating", "")
    const about = { kind: "Pod", ...pod, fieldPath: "spec.containers{agent}" } as const
    expect((await look(301_000))?.reason.code).toBe("start_timeout")
    await kubernetesSays(about, "Pulling", "Normal", "Pulling image")
    expect(await look(301_000)).toBeNull()
    await kubernetesSays(about, "Failed", "Warning", "Failed to pull image")
    expect(await look(301_000)).toMatchObject({
      reason: { code: "start_timeout", message: expect.stringContaining("Failed to pull image") },
      final: true,
    })
    await end()
  })

  it("tell why its volume is not made", async () => {
    const { pod, workload, look, end } = await begun()
    await world.kubelet.unschedulable(pod.name, "pod has unbound immediate PersistentVolumeClaims")
    const about = { kind: "PersistentVolumeClaim", name: claimName(workload.name) } as const
    await kubernetesSays(about, "ProvisioningFailed", "Warning", 'storageclass "fast" not found')
    expect(await look(16_000)).toMatchObject({
      reason: { code: "volume_unbound", message: expect.stringMatching(/unbound .*storageclass "fast" not found/) },
      final: false,
    })
    await end()
  })
})
