import { describe, expect, it, vi } from "vitest"
import { inOrder } from "../../../../test/support/in-order.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { type Replica, type ReplicaOptions, testWorld } from "../../../../test/support/sessions/world.ts"
import type { Principal, SessionView } from "../index.ts"

const world = testWorld()
inOrder()

async function running(
  replica: Replica,
  user: Principal,
  prompt?: string,
): Promise<{ id: string; pod: string; uid: string }> {
  const input = prompt === undefined ? {} : { initialUserPrompt: prompt }
  const { session } = await replica.sessions.create(user, input)
  const { name, uid } = await podOf(world, session.id)
  await world.kubelet.run(name)
  await until(replica.sessions, user, session.id, { status: "running" })
  return { id: session.id, pod: name, uid }
}

async function remove(replica: Replica, user: Principal, id: string): Promise<void> {
  await replica.sessions.delete(user, id)
  await allGone(world)
}

/** As if the session's start had begun so much earlier. */
async function beginEarlier(id: string, by_ms: number): Promise<void> {
  const began = "to_jsonb((steps->0->>'startedAt')::bigint - ?::bigint)"
  await world.db.database.raw(`UPDATE sessions SET steps = jsonb_set(steps, '{0,startedAt}', ${began}) WHERE id = ?`, [
    by_ms,
    id,
  ])
}

const textOf = (session: SessionView) => `${session.reason?.code}: ${session.reason?.message}`

describe("the engine", () => {
  it("brings a session from the wish to an agent with its first prompt, stops it, goes on with the same conversation, and leaves nothing", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { id } = await running(replica, user, "Fix the build\nplease")
    const session = await until(sessions, user, id, { status: "running", title: "Fix the build" })
    expect(session.steps.map((step) => step.state)).toEqual(["done", "done", "done", "done"])
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("Fix the build\nplease"), patience)
    await vi.waitFor(async () => {
      const { items } = await sessions.messages(user, id, { limit: 10 })
      expect(items).toMatchObject([{ role: "user", delivery: "sent" }])
    }, patience)

    await sessions.stop(user, id)
    await until(sessions, user, id, { status: "stopped", steps: [] })
    expect(await world.kubelet.pods()).toEqual([])
    expect((await world.kubelet.objects()).some((name) => name.startsWith("persistentvolumeclaim/"))).toBe(true)
    await vi.waitFor(() => expect(replica.engine.stats().driven).toBe(0), patience)

    await sessions.prompt(user, id, { text: "And now?" })
    await world.kubelet.run((await podOf(world, id)).name)
    await until(sessions, user, id, { status: "running" })
    expect(world.agent.conversations.at(-1)).toBe("ses_agent")
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("And now?"), patience)

    await remove(replica, user, id)
    await vi.waitFor(() => expect(sessions.get(user, id)).rejects.toMatchObject({ code: "not_found" }), patience)
    await replica.stop()
  })

  it("delivers queued prompts one at a time, the next when the agent is idle again", async () => {
    const replica = await world.replica()
    const user = await world.user()
    world.agent.answersAtOnce = false
    const answer = async () => {
      world.agent.answered.add(world.agent.prompts.at(-1)?.agentMessageId ?? "")
      await world.agent.sink.activity("idle")
    }
    const { id } = await running(replica, user, "one")
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("one"), patience)
    await world.agent.sink.activity("busy")
    await replica.sessions.prompt(user, id, { text: "two" })
    await replica.sessions.prompt(user, id, { text: "three" })
    await until(replica.sessions, user, id, { activity: "busy" })
    expect(world.agent.prompts.at(-1)?.text).toBe("one")
    await answer()
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("two"), patience)
    await world.agent.sink.activity("busy")
    await answer()
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("three"), patience)
    const sent = [...new Set(world.agent.prompts.map((prompt) => prompt.agentMessageId))].slice(-3)
    expect(sent.toSorted()).toEqual(sent)
    world.agent.answersAtOnce = true
    await remove(replica, user, id)
    await replica.stop()
  })

  it("marks what a vanished pod was doing as interrupted and goes on in its next pod", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { id, pod, uid } = await running(replica, user)
    const createdAt = Date.now()
    const part = { id: "prt_1", type: "text", body: { text: "Half a sen", startedAt: createdAt } } as const
    const message = { id: "msg_a1", role: "assistant", agentSessionId: null, authorId: null, delivery: null } as const
    await world.agent.sink.activity("busy")
    await world.agent.sink.changes([
      { type: "message.updated", message: { ...message, createdAt, completedAt: null, body: {} } },
      { type: "part.updated", messageId: "msg_a1", part },
    ])
    await world.kubelet.delete(pod)
    await until(sessions, user, id, { status: "starting", activity: "idle" })
    const { items } = await sessions.messages(user, id, { limit: 10 })
    expect(items).toMatchObject([
      { id: "msg_a1", body: { interrupted: true }, parts: [{ body: { text: "Half a sen" } }] },
    ])
    await world.kubelet.run((await podOf(world, id, uid)).name)
    await until(sessions, user, id, { status: "running" })
    await remove(replica, user, id)
    await replica.stop()
  })

  it("tells an agent that ran out of memory in mid-turn, and reconnects to its next run in the same pod", async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { id, pod } = await running(replica, user)
    const connections = world.agent.sinks.length
    await world.agent.sink.activity("busy")
    await world.kubelet.run(pod, "127.0.0.1", 1, { reason: "OOMKilled", exitCode: 137 })
    await vi.waitFor(() => expect(world.agent.sinks.length).toBe(connections + 1), patience)
    await until(replica.sessions, user, id, { status: "running" })
    const stop = new AbortController()
    const notices: string[] = []
    for await (const batch of replica.sessions.watch(user, id, 0, stop.signal)) {
      if (batch === "reset") continue
      for (const { change } of batch) if (change.type === "notice") notices.push(change.code)
      if (notices.length > 0) stop.abort()
    }
    expect(notices).toEqual(["out_of_memory"])
    await remove(replica, user, id)
    await replica.stop()
  })

  it("fails for an image that cannot be pulled, takes the pod away, and starts anew on Retry", async () => {
    const replica = await world.replica()
    const { sessions } = replica
    const user = await world.user()
    const { session } = await sessions.create(user, {})
    const { name, uid } = await podOf(world, session.id)
    const words = 'failed to pull and unpack image "x": manifest unknown'
    await world.kubelet.waits(name, "agent", "ImagePullBackOff", words)
    const failed = await until(sessions, user, session.id, { status: "failed" })
    expect(textOf(failed)).toContain(`image_pull: The image of "agent" cannot be pulled: ${words}`)
    expect(failed.reason?.hint).toMatch(/imagePullSecrets/)
    expect(failed.steps.find((step) => step.state === "failed")?.detail).toContain(words)
    await vi.waitFor(async () => expect(await world.kubelet.pods()).toEqual([]), patience)
    await vi.waitFor(() => expect(replica.engine.stats().driven).toBe(0), patience)

    await sessions.start(user, session.id)
    await world.kubelet.run((await podOf(world, session.id, uid)).name)
    await until(sessions, user, session.id, { status: "running", reason: null })
    await remove(replica, user, session.id)
    await replica.stop()
  })

  it("repeats the scheduler's words while it waits for room, and forgets them once there is some", async () => {
    const replica = await world.replica()
    const user = await world.user()
    const { session } = await replica.sessions.create(user, {})
    const { name } = await podOf(world, session.id)
    await world.kubelet.unschedulable(name, "0/1 nodes are available: 1 Insufficient cpu.")
    const waiting = await until(replica.sessions, user, session.id, {
      status: "starting",
      reason: { code: "unschedulable" },
    })
    expect(waiting.reason?.message).toContain("1 Insufficient cpu.")
    expect(waiting.steps[0]).toMatchObject({ state: "active", detail: expect.stringContaining("Insufficient cpu") })
    await world.kubelet.run(name)
    await until(replica.sessions, user, session.id, { status: "running", reason: null })
    await remove(replica, user, session.id)
    await replica.stop()
  })

  it("fails with git's words when the workspace cannot be prepared", async () => {
    const replica = await world.replica()
    const user = await world.user()
    const repository = { url: "https://git.example.com/nobody/nothing" }
    const { session } = await replica.sessions.create(user, { repository })
    const { uid } = await podOf(world, session.id)
    const report = { source: "workspace-init", phase: "failed", code: "clone_refused", message: "fatal: denied" }
    await world.db.database("workloads").where({ session_id: session.id }).update({ report, report_pod_uid: uid })
    const scheduled = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] }
    await world.kubelet.status((await podOf(world, session.id)).name, scheduled)
    const failed = await until(replica.sessions, user, session.id, { status: "failed" })
    expect(textOf(failed)).toBe("clone_refused: fatal: denied")
    expect(failed.steps.find((step) => step.state === "failed")?.name).toBe("workspace")
    await remove(replica, user, session.id)
    await replica.stop()
  })

  it("tells a full quota from the events of the StatefulSet", async () => {
    const replica = await world.replica()
    const user = await world.user()
    await world.api.kubectl(["-n", "sessions", "create", "quota", "none", "--hard=pods=0"])
    await vi.waitFor(async () => {
      const used = await world.api.kubectl([
        "-n",
        "sessions",
        "get",
        "quota",
        "none",
        "-o",
        "jsonpath={.status.hard.pods}",
      ])
      expect(used).toBe("0")
    }, patience)
    const { session } = await replica.sessions.create(user, {})
    const failed = await until(replica.sessions, user, session.id, { status: "failed" })
    expect(textOf(failed)).toMatch(/^quota: .*exceeded quota: none/)
    await world.api.kubectl(["-n", "sessions", "delete", "quota", "none"])
    await remove(replica, user, session.id)
    await replica.stop()
  })

  it("passes on what an agent says that runs and cannot work, and fails with it in the end", async () => {
    const replica = await world.replica({ startTimeout_s: 300 })
    const user = await world.user()
    world.agent.up = false
    world.agent.words = "HTTP 500: EROFS: read-only file system"
    const { session } = await replica.sessions.create(user, {})
    await world.kubelet.run((await podOf(world, session.id)).name)
    const reason = { code: "agent_failing", message: expect.stringContaining("EROFS: read-only file system") }
    await beginEarlier(session.id, 60_000)
    const waiting = await until(replica.sessions, user, session.id, { status: "starting", reason })
    expect(waiting.steps.at(-1)).toMatchObject({ state: "active", detail: expect.stringContaining("EROFS") })
    // Repeated: a look of the engine that is under way may write the steps that it had read before.
    await vi.waitFor(async () => {
      await beginEarlier(session.id, 300_000)
      expect(await replica.sessions.get(user, session.id)).toMatchObject({ status: "failed", reason })
    }, patience)
    world.agent.up = true
    world.agent.words = null
    await remove(replica, user, session.id)
    await replica.stop()
  })

  it("does not fail a start whose time passed while no replica looked at it: the agent is ready by then", async () => {
    const first = await world.replica()
    const user = await world.user()
    world.agent.up = false
    const { session } = await first.sessions.create(user, {})
    const { name, uid } = await podOf(world, session.id)
    await world.kubelet.run(name)
    await first.stop()
    await beginEarlier(session.id, 400_000)
    world.agent.up = true
    const second = await world.replica()
    await vi.waitFor(async () => {
      const { status } = await second.sessions.get(user, session.id)
      expect(status).not.toBe("starting")
    }, patience)
    expect(await second.sessions.get(user, session.id)).toMatchObject({ status: "running", reason: null })
    expect((await podOf(world, session.id)).uid).toBe(uid)
    await remove(second, user, session.id)
    await second.stop()
  })

  it("gives an agent that no longer answers a new pod, and keeps its volume", async () => {
    const replica = await world.replica({ wedged_ms: 1_500 })
    const user = await world.user()
    const { id, uid } = await running(replica, user)
    world.agent.up = false
    world.agent.sink.link("lost", "no heartbeat")
    const next = await podOf(world, id, uid)
    world.agent.up = true
    await world.kubelet.run(next.name)
    await until(replica.sessions, user, id, { status: "running" })
    expect((await world.kubelet.objects()).filter((name) => name.startsWith("persistentvolumeclaim/"))).toHaveLength(1)
    await remove(replica, user, id)
    await replica.stop()
  })

  it("leaves an agent alone that was silent for a moment", async () => {
    const replica = await world.replica({ wedged_ms: 20_000 })
    const user = await world.user()
    const { id, uid } = await running(replica, user)
    world.agent.sink.link("lost", "no heartbeat")
    await replica.sessions.prompt(user, id, { text: "still there?" })
    world.agent.sink.link("back", "in step")
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("still there?"), patience)
    expect((await podOf(world, id)).uid).toBe(uid)
    await remove(replica, user, id)
    await replica.stop()
  })

  it("gives no prompt to an agent that is back before it is known whether its container is another one", async () => {
    let frozen: ReturnType<Replica["workloads"]["observe"]> | null = null
    let looks = 0
    const view: ReplicaOptions["view"] = ({ observe, observeLive }) => ({
      observe: (workload) => frozen ?? observe(workload),
      observeLive: async (workload) => {
        looks += 1
        return await observeLive(workload)
      },
    })
    const replica = await world.replica({ view })
    const user = await world.user()
    const { id, pod } = await running(replica, user)
    const connection = world.agent.sinks.length
    const workload = await replica.workloads.store.ofSession(id)
    if (workload === null) throw new Error("no workload")
    frozen = replica.workloads.observe(workload)
    await world.kubelet.run(pod, "127.0.0.1", 1, { reason: "Error", exitCode: 137 })
    world.agent.sink.link("lost", "the connection was reset")
    world.agent.sink.link("back", "in step")
    await replica.sessions.prompt(user, id, { text: "to the next run" })
    // The watch is behind: what was seen without it is not taken back.
    await vi.waitFor(() => expect([world.agent.sinks.length, looks > 3]).toEqual([connection + 1, true]), patience)
    frozen = null
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("to the next run"), patience)
    expect([world.agent.prompts.at(-1)?.connection, world.agent.sinks.length]).toEqual([connection + 1, connection + 1])
    await remove(replica, user, id)
    await replica.stop()
  })

  it("stops a session that nobody uses, and says so", async () => {
    const replica = await world.replica({ idleTimeout_s: 30 })
    const user = await world.user()
    const { id } = await running(replica, user)
    await world.db
      .database("sessions")
      .where({ id })
      .update({ last_active_at: new Date(Date.now() - 60_000) })
    replica.engine.wake(id)
    const stopped = await until(replica.sessions, user, id, { status: "stopped" })
    expect(stopped.reason?.code).toBe("idle")
    await remove(replica, user, id)
    await replica.stop()
  })
})
