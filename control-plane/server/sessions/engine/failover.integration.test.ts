import { describe, expect, it, vi } from "vitest"
import { inOrder } from "../../../../test/support/in-order.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { type Replica, testWorld } from "../../../../test/support/sessions/world.ts"

const world = testWorld()
inOrder()

describe("several replicas", () => {
  it("drive every session once, and hand them over when one of them leaves", async () => {
    const [a, b] = [await world.replica(), await world.replica()]
    const user = await world.user()
    const { session } = await a.sessions.create(user, { initialUserPrompt: "hello" })
    await world.kubelet.run((await podOf(world, session.id)).name)
    await until(b.sessions, user, session.id, { status: "running" })
    await vi.waitFor(() => expect(a.engine.stats().driven + b.engine.stats().driven).toBe(1), patience)
    const [holder, other] = a.engine.stats().driven === 1 ? [a, b] : [b, a]
    await vi.waitFor(async () => {
      const { items } = await b.sessions.messages(user, session.id, { limit: 5 })
      expect(items).toMatchObject([{ delivery: "sent" }])
    }, patience)
    const connections = world.agent.sinks.length
    await holder.stop()
    await vi.waitFor(() => expect(other.engine.stats().driven).toBe(1), patience)
    await vi.waitFor(() => expect(world.agent.sinks.length).toBe(connections + 1), patience)
    expect((await other.sessions.get(user, session.id)).status).toBe("running")
    expect(world.agent.prompts.filter((prompt) => prompt.text === "hello")).toHaveLength(1)
    await other.sessions.delete(user, session.id)
    await allGone(world)
    await other.stop()
  })

  it("refuse what a holder writes that was asleep while another one took over", async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    await world.kubelet.run((await podOf(world, session.id)).name)
    await until(replica.sessions, user, session.id, { status: "running" })
    const old = world.agent.sink
    await takeAway(session.id)
    const notice = { type: "notice", level: "info", code: "late", message: "from the past" } as const
    await expect(old.changes([notice])).rejects.toMatchObject({ code: "stale_lease" })
    await expect(old.activity("busy")).rejects.toMatchObject({ code: "stale_lease" })
    await vi.waitFor(() => expect(replica.engine.stats().driven).toBe(0), patience)
    expect((await replica.sessions.get(user, session.id)).activity).toBe("idle")
    await giveBack(session.id)
    await vi.waitFor(() => expect(world.agent.sink).not.toBe(old), patience)
    await until(replica.sessions, user, session.id, { status: "running", activity: "idle" })
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })

  it("send a prompt once when its sender dies before it could note that it was sent", async () => {
    const user = await world.user()
    const first = await world.replica()
    const { session } = await first.sessions.create(user, {})
    await world.kubelet.run((await podOf(world, session.id)).name)
    await until(first.sessions, user, session.id, { status: "running" })
    world.agent.loseAnswers = true
    await first.sessions.prompt(user, session.id, { text: "only once" })
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("only once"), patience)
    await first.stop()
    world.agent.loseAnswers = false
    const sent = world.agent.prompts.filter((prompt) => prompt.text === "only once").length
    const second = await world.replica()
    await vi.waitFor(async () => {
      const { items } = await second.sessions.messages(user, session.id, { limit: 5 })
      expect(items).toMatchObject([{ delivery: "sent" }])
    }, patience)
    const repeats = world.agent.prompts.filter((prompt) => prompt.text === "only once")
    expect(repeats).toHaveLength(sent)
    expect(new Set(repeats.map((prompt) => prompt.agentMessageId)).size).toBe(1)
    await second.sessions.delete(user, session.id)
    await allGone(world)
    await second.stop()
  })

  it("use the same id again for a prompt that had its id but never arrived", async () => {
    const user = await world.user()
    const first = await world.replica()
    const { session } = await first.sessions.create(user, { initialUserPrompt: "lost" })
    await podOf(world, session.id)
    await first.stop()
    await world.db
      .database("messages")
      .where({ session_id: session.id })
      .update({ delivery: "sending", agent_message_id: "msg_fixed" })
    const second = await world.replica()
    await world.kubelet.run((await podOf(world, session.id)).name)
    await vi.waitFor(
      () => expect(world.agent.prompts.at(-1)).toMatchObject({ agentMessageId: "msg_fixed", text: "lost" }),
      patience,
    )
    await second.sessions.delete(user, session.id)
    await allGone(world)
    await second.stop()
  })

  it("finish a start, a stop and a deletion that another one began", async () => {
    const user = await world.user()
    const step = async (wish: (replica: Replica) => Promise<unknown>) => {
      const beginner = await world.replica()
      await wish(beginner)
      await beginner.stop()
    }
    let id = ""
    await step(async ({ sessions }) => {
      id = (await sessions.create(user, {})).session.id
    })
    const watcher = await world.replica()
    await world.kubelet.run((await podOf(world, id)).name)
    await until(watcher.sessions, user, id, { status: "running" })
    await watcher.stop()
    await step(({ sessions }) => sessions.stop(user, id))
    const second = await world.replica()
    await until(second.sessions, user, id, { status: "stopped" })
    await second.stop()
    await step(({ sessions }) => sessions.delete(user, id))
    const last = await world.replica()
    await allGone(world)
    await vi.waitFor(() => expect(last.sessions.get(user, id)).rejects.toMatchObject({ code: "not_found" }), patience)
    await last.stop()
  })

  it("bring a pod that runs against the wish back to rest", async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    await podOf(world, session.id)
    await replica.sessions.stop(user, session.id)
    await until(replica.sessions, user, session.id, { status: "stopped" })
    const [name = ""] = (await world.kubelet.objects()).filter((one) => one.startsWith("statefulset"))
    await world.api.kubectl(["-n", "sessions", "scale", name, "--replicas=1"])
    await podOf(world, session.id)
    await vi.waitFor(async () => expect(await world.kubelet.pods()).toEqual([]), patience)
    await replica.sessions.delete(user, session.id)
    await allGone(world)
    await replica.stop()
  })
})

/** As if its holder had slept longer than its lease lives, and another one had taken it. */
async function takeAway(sessionId: string): Promise<void> {
  const { database } = world.db
  await database("sessions")
    .where({ id: sessionId })
    .update({
      lease_holder: "another",
      lease_expires_at: database.raw("now() + interval '10 min'"),
      lease_epoch: database.raw("lease_epoch + 1"),
    })
}

/** As if the other one had died long enough ago. */
async function giveBack(sessionId: string): Promise<void> {
  const { database } = world.db
  await database("sessions")
    .where({ id: sessionId })
    .update({ lease_expires_at: database.raw("now() - interval '1 s'") })
}
