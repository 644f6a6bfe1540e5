import { pino } from "pino"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { outcomesOf } from "../../../../test/bursts/outcomes.ts"
import { type Agent, startAgent } from "../../../../test/support/opencode.ts"
import { patience, podOf, until } from "../../../../test/support/sessions/helpers.ts"
import { seeded } from "../../../../test/support/sessions/random.ts"
import { type Replica, testWorld } from "../../../../test/support/sessions/world.ts"
import { createRuntime, type Runtime } from "../../runtime/index.ts"
import { systemClock } from "../../time/index.ts"

const PROMPTS = 18
const world = testWorld()
let agent: Agent

beforeAll(async () => {
  agent = await startAgent()
})
afterAll(() => agent.stop())

/** The real runtime; the pod of the test's node stands for the real agent on this machine. */
function runtimeOf(): Runtime {
  const real = createRuntime({ clock: systemClock, log: pino({ level: "silent" }) })
  return {
    ...real,
    probe: (_target, timeout_ms, signal) => real.probe(agent.target, timeout_ms, signal),
    explain: (_target, timeout_ms) => real.explain(agent.target, timeout_ms),
    connect: (options) => real.connect({ ...options, target: agent.target }),
  }
}

/** What OpenCode itself has: its prompts, each with the end of its answer. */
async function history(): Promise<{ id: string; parent: string; created: number; completed: number | null }[]> {
  const authorization = `Basic ${Buffer.from(`opencode:${agent.target.password.reveal()}`).toString("base64")}`
  const get = async (path: string) => {
    const query = new URLSearchParams({ directory: agent.target.directory })
    return await (await fetch(`${agent.target.baseUrl}${path}?${query}`, { headers: { authorization } })).json()
  }
  const [session] = (await get("/session")) as { id: string }[]
  const messages = (await get(`/session/${session?.id}/message`)) as {
    info: { id: string; parentID?: string; time: { created: number; completed?: number } }
  }[]
  return messages.map(({ info: { id, parentID, time } }) => ({
    id,
    parent: parentID ?? "",
    created: time.created,
    completed: time.completed ?? null,
  }))
}

it("bursts of prompts are answered one by one by the real agent while it and the replicas are killed", {
  timeout: 600_000,
}, async () => {
  const random = seeded(7)
  const runtime = runtimeOf()
  const replicas: Replica[] = [await world.replica({ runtime }), await world.replica({ runtime })]
  const user = await world.user()
  const one = () => replicas[Math.floor(random() * replicas.length)] as Replica
  const { session } = await one().sessions.create(user, {})
  const { name } = await podOf(world, session.id)
  await world.kubelet.run(name)
  await until(one().sessions, user, session.id, { status: "running" })

  const read = async () => outcomesOf((await one().sessions.messages(user, session.id, { limit: 100 })).items)
  let restarts = 0
  const faults = [
    async () => {
      const holder = replicas.find((replica) => replica.engine.stats().driven > 0) ?? one()
      replicas.splice(replicas.indexOf(holder), 1, await world.replica({ runtime }))
      await holder.crash()
    },
    async () => {
      await agent.kill()
      await agent.start()
      restarts += 1
      await world.kubelet.run(name, "127.0.0.1", restarts, { reason: "Error", exitCode: 137 })
    },
  ]
  for (let sent = 0, burst = 0; sent < PROMPTS; burst++) {
    for (let left = 1 + Math.floor(random() * 5); left > 0 && sent < PROMPTS; left--) {
      await one().sessions.prompt(user, session.id, { text: `say: answer ${++sent}` })
    }
    // In the middle of the burst: some of it is answered, some of it waits.
    const answered = sent - Math.floor(random() * 3)
    const enough = async () => expect((await read()).filter(isOver).length).toBeGreaterThanOrEqual(answered - 1)
    await vi.waitFor(enough, { ...patience, timeout: 120_000 })
    await faults[burst % 3]?.()
  }
  await vi.waitFor(async () => expect((await read()).filter(isOver)).toHaveLength(PROMPTS), {
    ...patience,
    timeout: 180_000,
  })

  const prompts = await read()
  expect(prompts.filter(({ outcome }) => outcome === "unanswered")).toEqual([])
  expect(prompts.map(({ words }) => words)).toEqual(
    Array.from({ length: PROMPTS }, (_, index) => `answer ${index + 1}`),
  )
  // A killed agent cuts off no more than the answer that it was giving.
  expect(prompts.filter(({ outcome }) => outcome === "interrupted").length).toBeLessThanOrEqual(restarts)
  await expectOneByOne()
})

function isOver({ outcome }: { outcome: string }): boolean {
  return outcome !== "unanswered"
}

/** In OpenCode's own history each prompt has an answer, and no prompt came before the end of the answer before it. */
async function expectOneByOne(): Promise<void> {
  const messages = await history()
  const prompts = messages.filter(({ parent }) => parent === "")
  expect(prompts).toHaveLength(PROMPTS)
  for (const [index, prompt] of prompts.entries()) {
    const answers = messages.filter(({ parent }) => parent === prompt.id)
    expect(answers.length).toBeGreaterThan(0)
    const next = prompts[index + 1]?.created ?? Number.POSITIVE_INFINITY
    for (const { created, completed } of answers) expect(completed ?? created).toBeLessThanOrEqual(next)
  }
}
