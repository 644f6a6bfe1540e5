import { pino } from "pino"
import { describe, expect, it, vi } from "vitest"
import { AGENT_PORT } from "../../../../pod-protocol/index.ts"
import { inOrder } from "../../../../test/support/in-order.ts"
import { type Handler, spokenPod } from "../../../../test/support/runtime/pod.ts"
import { allGone, patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { testWorld } from "../../../../test/support/sessions/world.ts"
import { createRuntime } from "../../runtime/index.ts"
import { systemClock } from "../../time/index.ts"
import { TIMES } from "./limits.ts"

const world = testWorld()
inOrder()

const broken: [string, string, Handler][] = [
  [
    "its history is always an error",
    "127.0.0.71",
    ({ url = "" }, response) => {
      if (!url.includes("/message")) return false
      response.writeHead(500).end()
      return true
    },
  ],
  ["it never begins to stream its events", "127.0.0.72", ({ url = "" }) => url.startsWith("/event")],
]

describe("an agent that answers and cannot be followed", () => {
  it.each(broken)(
    "gets a new pod after a while, when %s, and the session says why",
    { timeout: 240_000 },
    async (_words, host, fault) => {
      let faulty = false
      const answers = await spokenPod((...call) => faulty && fault(...call), { host, port: AGENT_PORT })
      const log = pino({ level: "silent" })
      const runtime = createRuntime({ clock: systemClock, log })
      const replica = await world.replica({ runtime, wedged_ms: 1_000, unfollowed_ms: 7_000 })
      const user = await world.user()
      const { session } = await replica.sessions.create(user, {})
      const { name, uid } = await podOf(world, session.id)
      await world.kubelet.run(name, host)
      await until(replica.sessions, user, session.id, { status: "running" })
      faulty = true
      answers.hangUp()
      await until(replica.sessions, user, session.id, { status: "running", reason: { code: "agent_unreadable" } })
      expect((await podOf(world, session.id)).uid).toBe(uid)
      const next = await podOf(world, session.id, uid)
      faulty = false
      await world.kubelet.run(next.name, host)
      await until(replica.sessions, user, session.id, { status: "running", reason: null })
      const { notices = [] } = await replica.sessions.messages(user, session.id, { limit: 1 })
      expect(notices.map(({ code }) => code)).toContain("agent_unreadable")
      await replica.sessions.delete(user, session.id)
      await allGone(world)
      await replica.stop()
      await answers.close()
    },
  )
})

const severed: [string, string, boolean][] = [
  ["answers", "agent_silent", false],
  ["can be followed", "agent_unreadable", true],
]

describe("an agent that is lost", () => {
  it.each(severed)("keeps its pod while no other agent %s either", { timeout: 240_000 }, async (_words, code, up) => {
    // Longer than an agent counts as heard after its last word, as it is outside of tests.
    const limit_ms = TIMES.heard_ms + 2_000
    const replica = await world.replica({ wedged_ms: limit_ms, unfollowed_ms: limit_ms })
    const user = await world.user()
    const ids = await Promise.all([1, 2].map(async () => (await replica.sessions.create(user, {})).session.id))
    const pods = await Promise.all(ids.map((id) => podOf(world, id)))
    const uids = pods.map(({ uid }) => uid).toSorted()
    const present = async () => (await world.kubelet.pods()).map(({ metadata }) => metadata?.uid ?? "").toSorted()
    for (const { name } of pods) await world.kubelet.run(name)
    for (const id of ids) await until(replica.sessions, user, id, { status: "running" })
    world.agent.up = up
    const lostAt = Date.now()
    for (const sink of world.agent.sinks) sink.link("lost", "no heartbeat")
    for (const id of ids) await until(replica.sessions, user, id, { status: "running", reason: { code } })
    await vi.waitFor(() => expect(Date.now() - lostAt).toBeGreaterThan(2 * limit_ms), patience)
    expect(await present()).toEqual(uids)
    // Now one of them is back: the other one is the one that is lost.
    world.agent.sinks.at(-1)?.link("back", "in step")
    await vi.waitFor(async () => {
      expect((await present()).filter((uid) => uids.includes(uid))).toHaveLength(1)
    }, patience)
    world.agent.up = true
    for (const id of ids) await replica.sessions.delete(user, id)
    await allGone(world)
    await replica.stop()
  })
})
