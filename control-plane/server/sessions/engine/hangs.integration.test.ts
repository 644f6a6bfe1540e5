import { describe, expect, it, vi } from "vitest"
import { halfOpenProxy } from "../../../../test/support/half-open.ts"
import { inOrder } from "../../../../test/support/in-order.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { type Replica, testWorld } from "../../../../test/support/sessions/world.ts"
import { Secret } from "../../crypto/index.ts"
import type { Principal } from "../index.ts"

const world = testWorld()
inOrder()

const minute = { timeout: 60_000, interval: 50 }

async function running(replica: Replica, user: Principal): Promise<string> {
  const { session } = await replica.sessions.create(user, {})
  await world.kubelet.run((await podOf(world, session.id)).name)
  await until(replica.sessions, user, session.id, { status: "running" })
  return session.id
}

async function epochOf(id: string): Promise<number> {
  return (await world.db.database("sessions").where({ id }).first("lease_epoch")).lease_epoch
}

async function sent(replica: Replica, user: Principal, id: string, text: string): Promise<void> {
  const { items } = await replica.sessions.messages(user, id, { limit: 20 })
  const found = items.find(({ parts }) => parts.some(({ body }) => body.text === text))
  expect(found).toMatchObject({ delivery: "sent" })
}

describe("a session whose driver hangs", () => {
  it("gets another one, and its prompt arrives", { timeout: 120_000 }, async () => {
    const replica = await world.replica({ step_ms: 2_000 })
    const user = await world.user()
    const id = await running(replica, user)
    const epoch = await epochOf(id)
    world.agent.hanging = 1
    await replica.sessions.prompt(user, id, { text: "into the void" })
    await vi.waitFor(() => sent(replica, user, id, "into the void"), minute)
    expect(await epochOf(id)).toBeGreaterThan(epoch)
    expect(new Set(world.agent.prompts.map(({ agentMessageId }) => agentMessageId)).size).toBe(1)
    await replica.sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
  })

  it("leaves with its replica, and another replica goes on", { timeout: 120_000 }, async () => {
    const [first, second] = [await world.replica(), await world.replica()]
    const user = await world.user()
    const id = await running(first, user)
    const [holder, other] = first.engine.stats().driven === 1 ? [first, second] : [second, first]
    world.agent.hanging = 1
    const before = world.agent.prompts.length
    await other.sessions.prompt(user, id, { text: "hangs here" })
    await vi.waitFor(() => expect(world.agent.prompts.length).toBe(before + 1), patience)
    const gone = holder.stop()
    await vi.waitFor(() => sent(other, user, id, "hangs here"), minute)
    await gone
    await other.sessions.delete(user, id)
    await allGone(world)
    await other.stop()
  })
})

describe("a replica", () => {
  it("whose connections to the database go nowhere moves its sessions within a minute", {
    timeout: 180_000,
  }, async () => {
    const address = new URL(world.db.url.reveal())
    const proxy = await halfOpenProxy(Number(address.port))
    address.port = String(proxy.port)
    const replica = await world.replica({ databaseUrl: new Secret(address.href) })
    const user = await world.user()
    const id = await running(replica, user)
    proxy.strand()
    const words = { id: "msg_halfopen00000000000", text: "still there?" }
    await vi.waitFor(async () => {
      await replica.sessions.prompt(user, id, words)
      await sent(replica, user, id, words.text)
    }, minute)
    await replica.sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
    await proxy.close()
  })

  it("that stops hands over its sessions while a round of its engine is still under way", async () => {
    const round = Promise.withResolvers<void>()
    const [first, second] = [
      await world.replica({ beforeSweep: () => round.promise }),
      await world.replica({ beforeSweep: () => round.promise }),
    ]
    const user = await world.user()
    const id = await running(first, user)
    const [holder, other] = first.engine.stats().driven === 1 ? [first, second] : [second, first]
    let stopped = false
    const stopping = holder.engine.stop().then(() => {
      stopped = true
    })
    await vi.waitFor(() => expect(other.engine.stats().driven).toBe(1), patience)
    expect(stopped).toBe(false)
    round.resolve()
    await stopping
    await other.sessions.delete(user, id)
    await allGone(world)
    await Promise.all([holder.stop(), other.stop()])
  })
})
