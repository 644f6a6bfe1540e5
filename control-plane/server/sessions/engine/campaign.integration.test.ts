import { describe, expect, it, vi } from "vitest"
import { FakeAgents } from "../../../../test/support/sessions/agents.ts"
import { seeded } from "../../../../test/support/sessions/random.ts"
import { type Replica, testWorld } from "../../../../test/support/sessions/world.ts"
import { isAppError } from "../../errors/index.ts"
import type { Principal } from "../index.ts"

const world = testWorld()

/** A seed that has found something stays here. */
const SEEDS = [1, 2, 3]
const STEPS = 30

/** What the client was told, to be compared with what is. */
interface Told {
  readonly sessions: Map<string, "running" | "stopped" | "deleted">
  readonly prompts: Map<string, string>
}

describe("a story of wishes and faults in any order ends as the last wishes say", () => {
  it.each(SEEDS)("seed %i", { timeout: 600_000 }, async (seed) => {
    const random = seeded(seed)
    const agents = new FakeAgents(random)
    const user = await world.user()
    const told: Told = { sessions: new Map(), prompts: new Map() }
    const start = () => world.replica({ runtime: agents.runtime() })
    const replicas = [await start(), await start()]
    const stop = new AbortController()
    const node = world.kubelet.runEverything(stop.signal)

    for (let step = 0; step < STEPS; step += 1) {
      const replica = pick(replicas, random)
      if (replica === undefined) throw new Error("no replica")
      await oneStep({ replica, replicas, start, user, told, random, step }).catch((error: unknown) => {
        // A refusal is an answer too: nothing was promised then.
        if (!isAppError(error)) throw error
      })
    }
    await settled(pick(replicas, random) as Replica, user, told)
    checkPrompts(told, agents)
    for (const id of told.sessions.keys()) await checkEvents(id)

    for (const [id, wish] of told.sessions) if (wish !== "deleted") await replicas[0]?.sessions.delete(user, id)
    await vi.waitFor(async () => expect(await world.kubelet.objects()).toEqual([]), { timeout: 180_000, interval: 200 })
    stop.abort()
    await node
    for (const replica of replicas) await replica.stop()
  })
})

interface Step {
  replica: Replica
  replicas: Replica[]
  start: () => Promise<Replica>
  user: Principal
  told: Told
  random: () => number
  step: number
}

async function oneStep({ replica, replicas, start, user, told, random, step }: Step): Promise<void> {
  const { sessions } = replica
  const living = [...told.sessions].filter(([, wish]) => wish !== "deleted").map(([id]) => id)
  const id = pick(living, random)
  const dice = random()
  if (id === undefined || (dice < 0.15 && living.length < 4)) {
    const { session } = await sessions.create(user, { initialUserPrompt: `first ${step}` })
    told.sessions.set(session.id, "running")
    told.prompts.set(`first ${step}`, session.id)
  } else if (dice < 0.4) {
    told.sessions.set(id, "running")
    await sessions.prompt(user, id, { text: `prompt ${step}` })
    told.prompts.set(`prompt ${step}`, id)
  } else if (dice < 0.5) {
    await sessions.stop(user, id)
    told.sessions.set(id, "stopped")
  } else if (dice < 0.6) {
    await sessions.start(user, id)
    told.sessions.set(id, "running")
  } else if (dice < 0.66) {
    await sessions.delete(user, id)
    told.sessions.set(id, "deleted")
  } else if (dice < 0.76) {
    replicas.splice(replicas.indexOf(replica), 1, await start())
    await replica.crash()
  } else if (dice < 0.86) {
    const pod = pick(await world.kubelet.pods(), random)?.metadata?.name
    if (pod !== undefined) await world.kubelet.delete(pod).catch(() => undefined)
  } else {
    await new Promise((resolve) => setTimeout(resolve, random() * 1_500))
  }
}

/** Every session is as it was wished last; every prompt of those that are left was sent. */
async function settled(replica: Replica, user: Principal, told: Told): Promise<void> {
  await vi.waitFor(
    async () => {
      const pods = await world.kubelet.pods()
      for (const [id, wish] of told.sessions) {
        const of = pods.filter((pod) => pod.metadata?.labels?.["berth.dev/session"] === id)
        const session = await replica.sessions.get(user, id).catch(() => null)
        expect([id, session?.status ?? "deleted", of.length]).toEqual([id, wish, wish === "running" ? 1 : 0])
        if (session === null || wish !== "running") continue
        const { items } = await replica.sessions.messages(user, id, { limit: 100 })
        const waiting = items.filter((one) => one.role === "user" && one.delivery !== "sent")
        expect([id, waiting.length, session.activity]).toEqual([id, 0, "idle"])
      }
    },
    { timeout: 240_000, interval: 250 },
  )
}

function checkPrompts(told: Told, agents: FakeAgents): void {
  const heard = agents.heard()
  expect(heard.toSorted()).toEqual([...new Set(heard)].toSorted())
  for (const [text, id] of told.prompts) {
    if (told.sessions.get(id) === "running") expect(heard).toContain(text)
  }
}

/** Numbers without a gap, and nothing left half-said. */
async function checkEvents(id: string): Promise<void> {
  const { rows } = await world.db.database.raw<{ rows: { gaps: number }[] }>(
    `SELECT count(*) AS gaps FROM (
       SELECT seq - lag(seq, 1, seq - 1) OVER (ORDER BY seq) AS step FROM session_events WHERE session_id = ?) AS steps
     WHERE step <> 1`,
    [id],
  )
  expect(rows).toEqual([{ gaps: 0 }])
}

function pick<T>(from: readonly T[], random: () => number): T | undefined {
  return from[Math.floor(random() * from.length)]
}
