import { describe, expect, it, vi } from "vitest"
import type { Principal, SessionView } from "../index.ts"
import { type Replica, testWorld } from "../testing/world.ts"

const world = testWorld()
const patience = { timeout: 20_000, interval: 50 }

describe("the engine", () => {
  it("brings a session from the wish to an agent that got its first prompt", async () => {
    const { sessions, ...replica } = await world.replica()
    const user = await world.user()
    const before = Date.now()
    const { session } = await sessions.create(user, { initialUserPrompt: "Fix the build\nplease" })
    expect(session).toMatchObject({ title: "Fix the build", status: expect.stringMatching(/creating|starting/) })
    const name = await podOf(session.id)
    expect(Date.now() - before).toBeLessThan(5_000)
    await world.kubelet.run(name)
    const running = await until(sessions, user, session.id, "running")
    expect(running.steps.map((step) => step.state)).toEqual(["done", "done", "done", "done"])
    await vi.waitFor(
      () => expect(world.agent.prompts.map((prompt) => prompt.text)).toEqual(["Fix the build\nplease"]),
      patience,
    )
    await vi.waitFor(async () => {
      const { items } = await sessions.messages(user, session.id, { limit: 10 })
      expect(items).toMatchObject([{ role: "user", delivery: "sent" }])
    }, patience)

    await sessions.stop(user, session.id)
    await until(sessions, user, session.id, "stopped")
    expect((await world.kubelet.pods()).length).toBe(0)
    await vi.waitFor(() => expect(replica.engine.stats().driven).toBe(0), patience)

    await sessions.prompt(user, session.id, { text: "And now?" })
    await world.kubelet.run(await podOf(session.id))
    await until(sessions, user, session.id, "running")
    expect(world.agent.conversations.at(-1)).toBe("ses_agent")
    await vi.waitFor(() => expect(world.agent.prompts.at(-1)?.text).toBe("And now?"), patience)

    await sessions.delete(user, session.id)
    await vi.waitFor(async () => expect(await world.kubelet.objects()).toEqual([]), { ...patience, timeout: 40_000 })
    await vi.waitFor(
      () => expect(sessions.get(user, session.id)).rejects.toMatchObject({ code: "not_found" }),
      patience,
    )
    await replica.stop()
  })
})

async function until(sessions: Replica["sessions"], user: Principal, id: string, status: string): Promise<SessionView> {
  return await vi.waitFor(async () => {
    const session = await sessions.get(user, id)
    expect(session).toMatchObject({ status })
    return session
  }, patience)
}

async function podOf(sessionId: string): Promise<string> {
  return await vi.waitFor(async () => {
    const pods = await world.kubelet.pods()
    const name = pods.find((pod) => pod.metadata?.labels?.["berth.dev/session"] === sessionId)?.metadata?.name
    if (name === undefined) throw new Error("no pod yet")
    return name
  }, patience)
}
