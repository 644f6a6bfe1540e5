import { describe, expect, it, vi } from "vitest"
import { allGone, patience, podOf, until } from "../testing/helpers.ts"
import { testWorld } from "../testing/world.ts"

const world = testWorld()

describe("a cluster in trouble", () => {
  it("that does not answer is told to who waits for a start or a stop, and forgotten when it answers again", {
    timeout: 300_000,
  }, async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const silent = { reason: { code: "cluster_unavailable" } }
    const asleep = async (work: () => Promise<unknown>) => {
      process.kill(world.api.pid, "SIGSTOP")
      try {
        await work()
      } finally {
        process.kill(world.api.pid, "SIGCONT")
      }
    }
    let id = ""
    await asleep(async () => {
      id = (await sessions.create(user, {})).session.id
      await until(sessions, user, id, silent)
    })
    await world.kubelet.run((await podOf(world, id)).name)
    await until(sessions, user, id, { status: "running", reason: null })
    await asleep(async () => {
      await sessions.stop(user, id)
      await until(sessions, user, id, { status: "stopping", ...silent })
    })
    await until(sessions, user, id, { status: "stopped", reason: null })
    await sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
  })

  it("without the namespace for sessions fails a start with Kubernetes' words, and the session can be deleted", async () => {
    const replica = await world.replica({ namespace: "taken-away" })
    const { sessions } = replica
    const user = await world.user()
    const { session } = await sessions.create(user, {})
    const failed = await until(sessions, user, session.id, { status: "failed", reason: { code: "workload_refused" } })
    expect(failed.reason?.message).toContain('namespaces "taken-away" not found')
    await sessions.delete(user, session.id)
    await vi.waitFor(
      () => expect(sessions.get(user, session.id)).rejects.toMatchObject({ code: "not_found" }),
      patience,
    )
    await replica.stop()
  })

  it("whose StatefulSet somebody scaled up keeps the session's own pod and no other", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { session } = await sessions.create(user, {})
    const pod = await podOf(world, session.id)
    await world.kubelet.run(pod.name)
    await until(sessions, user, session.id, { status: "running" })
    const name = pod.name.replace(/-0$/, "")
    await world.api.kubectl(["-n", "sessions", "scale", "statefulset", name, "--replicas=2"])
    const replicas = () =>
      world.api.kubectl(["-n", "sessions", "get", "statefulset", name, "-o", "jsonpath={.spec.replicas}"])
    await vi.waitFor(async () => expect(await replicas()).toBe("1"), patience)
    const uids = async () => (await world.kubelet.pods()).map(({ metadata }) => metadata?.uid)
    await vi.waitFor(async () => expect(await uids()).toEqual([pod.uid]), patience)
    await until(sessions, user, session.id, { status: "running" })
    await sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })
})
