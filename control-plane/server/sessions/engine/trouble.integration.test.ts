import { describe, expect, it, vi } from "vitest"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { testWorld } from "../../../../test/support/sessions/world.ts"

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

  it("whose volume fills up is told once a level, also over a reconnect, and forgotten when there is room", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { id } = (await sessions.create(user, {})).session
    const pod = await podOf(world, id)
    await world.kubelet.run(pod.name)
    await until(sessions, user, id, { status: "running", reason: null })
    const totalBytes = 2 * 1024 ** 3
    const report = async (used: number) => {
      const volume = { totalBytes, freeBytes: Math.floor(totalBytes * (1 - used)), reserve: true }
      const body = JSON.stringify({ source: "workspace-init", phase: "ready", volume })
      await world.db.database("workloads").where({ session_id: id }).update({ report: body, report_pod_uid: pod.uid })
      await world.db.database.raw("SELECT pg_notify('berth_sessions', ?)", [id])
    }
    const levels: [number, string][] = [
      [0.81, "disk_low"],
      [0.85, "disk_low"],
      [0.96, "disk_almost_full"],
      [1, "disk_full"],
    ]
    for (const [used, code] of levels) {
      await report(used)
      const { reason } = await until(sessions, user, id, { status: "running", reason: { code } })
      expect(reason?.message).toContain("of 2.0 GiB used")
    }
    await world.agent.sink.link("lost", "another trouble")
    await until(sessions, user, id, {
      status: "running",
      reason: { message: expect.stringContaining("another trouble") },
    })
    await world.agent.sink.ready()
    await until(sessions, user, id, { status: "running", reason: { code: "disk_full" } })
    await report(0.5)
    await until(sessions, user, id, { status: "running", reason: null })
    const { notices = [] } = await sessions.messages(user, id, { limit: 10 })
    expect(notices.map(({ code }) => code)).toEqual(["disk_low", "disk_almost_full", "disk_full"])
    await sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
  })

  it("makes a volume larger where its class can, and says why where it cannot", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const storageClass = {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "grows", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "example.com/none",
    }
    const apply = (more: object) =>
      world.api.kubectl(["apply", "-f", "-"], { input: JSON.stringify({ ...storageClass, ...more }) })
    await apply({})
    const { id } = (await sessions.create(user, {})).session
    await expect(sessions.enlarge(await world.user(), id, { storageSize: "4Gi" })).rejects.toMatchObject({
      code: "not_found",
    })
    const pod = await podOf(world, id)
    await world.kubelet.run(pod.name)
    await until(sessions, user, id, { status: "running" })
    const claim = `workspace-${pod.name}`
    const ofClaim = (...args: string[]) => world.api.kubectl(["-n", "sessions", ...args])
    await ofClaim("patch", "pvc", claim, "--subresource=status", "--type=merge", "-p", '{"status":{"phase":"Bound"}}')
    const enlarge = (storageSize: string) => sessions.enlarge(user, id, { storageSize })
    await expect(enlarge("4Gi")).rejects.toMatchObject({
      code: "upstream_refused",
      message: expect.stringMatching(/cannot be made larger.+storageclass/i),
    })
    await apply({ allowVolumeExpansion: true })
    await vi.waitFor(() => enlarge("4Gi"), patience)
    const size = () => ofClaim("get", "pvc", claim, "-o", "jsonpath={.spec.resources.requests.storage}")
    expect(await size()).toBe("4Gi")
    await vi.waitFor(
      () =>
        expect(enlarge("3Gi")).rejects.toMatchObject({
          code: "invalid_request",
          message: expect.stringContaining("has 4.0 GiB"),
        }),
      patience,
    )
    await expect(enlarge("21Gi")).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("20.0 GiB at most"),
    })
    await sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
  })
})
