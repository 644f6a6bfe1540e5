import { describe, expect, it, vi } from "vitest"
import { inOrder } from "../../../../test/support/in-order.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { testWorld } from "../../../../test/support/sessions/world.ts"

const world = testWorld()
inOrder()

const kubectl = (...args: string[]) => world.api.kubectl(["-n", "sessions", ...args])

interface Found {
  readonly metadata: { uid: string; ownerReferences?: { uid: string }[] }
  readonly data?: { password: string }
}

async function get(object: string): Promise<Found> {
  return JSON.parse(await kubectl("get", object, "-o", "json")) as Found
}

/** Waits until there is another object of this name, like the first and with the same owner. */
async function madeAgain(object: string, first: Found): Promise<void> {
  const found = await vi.waitFor(() => get(object), patience)
  expect(found.metadata.uid).not.toBe(first.metadata.uid)
  expect(found.data).toEqual(first.data)
  expect(found.metadata.ownerReferences?.map(({ uid }) => uid)).toEqual(
    first.metadata.ownerReferences?.map(({ uid }) => uid),
  )
}

/** What a session has in the cluster besides its pod. */
function objectsOf(pod: string): string[] {
  return [`secret/${pod.replace(/-0$/, "")}`, `pvc/workspace-${pod}`]
}

describe("an object of a session that somebody deleted", () => {
  it("is made again while the session starts, and Start is not needed", { timeout: 120_000 }, async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    const { name } = await podOf(world, session.id)
    for (const object of objectsOf(name)) {
      const first = await get(object)
      await kubectl("delete", object, "--wait=true")
      await madeAgain(object, first)
    }
    await world.kubelet.run(name)
    await until(replica.sessions, user, session.id, { status: "running" })
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })

  it("or changed is right again when the pod is replaced", { timeout: 120_000 }, async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    const pod = await podOf(world, session.id)
    await world.kubelet.run(pod.name)
    await until(replica.sessions, user, session.id, { status: "running" })
    const [secret = ""] = objectsOf(pod.name)
    const first = await get(secret)
    await kubectl("delete", secret)
    await world.kubelet.delete(pod.name)
    await podOf(world, session.id, pod.uid)
    await madeAgain(secret, first)
    await kubectl("patch", secret, "-p", JSON.stringify({ data: { password: "Zm9yZ2Vk" } }))
    await vi.waitFor(async () => expect((await get(secret)).data).toEqual(first.data), patience)
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })

  it("is made again while the agent works, and while it is lost", { timeout: 120_000 }, async () => {
    const replica = await world.replica({ repair_ms: 1_000 })
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    const pod = await podOf(world, session.id)
    await world.kubelet.run(pod.name)
    await until(replica.sessions, user, session.id, { status: "running" })
    const [secret = ""] = objectsOf(pod.name)
    for (const lost of [false, true]) {
      if (lost) world.agent.sink.link("lost", "no heartbeat")
      const first = await get(secret)
      await kubectl("delete", secret)
      await madeAgain(secret, first)
      await until(replica.sessions, user, session.id, { status: "running" })
    }
    expect((await podOf(world, session.id)).uid).toBe(pod.uid)
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })

  it("stays away once the session is stopped or deleted", { timeout: 120_000 }, async () => {
    const replica = await world.replica({ repair_ms: 1 })
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    const { name } = await podOf(world, session.id)
    await world.kubelet.run(name)
    await until(replica.sessions, user, session.id, { status: "running" })
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await vi.waitFor(() => expect(replica.engine.stats().driven).toBe(0), patience)
    expect(await world.kubelet.objects()).toEqual([])
    await replica.stop()
  })
})
