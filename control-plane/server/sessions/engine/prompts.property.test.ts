import { pino } from "pino"
import { expect, test } from "vitest"
import { seeded } from "../../../../test/support/sessions/random.ts"
import { SimulatedOpenCode } from "../../../../test/support/sessions/simulated-opencode.ts"
import { SimulatedStore } from "../../../../test/support/sessions/simulated-store.ts"
import { SimulatedTime } from "../../../../test/support/sessions/simulated-time.ts"
import { Secret } from "../../crypto/index.ts"
import { isAppError } from "../../errors/index.ts"
import type { Lease } from "../../leases/types.ts"
import { Connection } from "../../runtime/opencode-v1/connection.ts"
import { createMessageIds } from "../../runtime/opencode-v1/ids.ts"
import type { Activity } from "../../runtime/types.ts"
import { AgentConversation, type ConversationOptions } from "./conversation.ts"

const STORIES = 60
const PROMPTS = 20
const FAULTS = 6
const STORY_MS = 240_000
/** From the last fault until every prompt has its end. */
const SETTLES_MS = 600_000
const log = pino({ level: "silent" })

/** Everything that is kept when a replica ends. */
class World {
  readonly time = new SimulatedTime()
  readonly random: () => number
  readonly agent: SimulatedOpenCode
  readonly store: SimulatedStore
  readonly newMessageId = createMessageIds(() => this.time.now())
  activity: Activity = "idle"
  agentSessionId: string | null = null
  /** Which life of the agent the session was in last. */
  followed = 1
  /** The pod is being deleted, as the watch tells it. */
  deleting = false
  holder: Holder

  constructor(seed: number) {
    this.random = seeded(seed)
    this.agent = new SimulatedOpenCode(this.time, this.random)
    this.store = new SimulatedStore(this.time, this.random)
    this.holder = new Holder(this)
  }

  readonly upTo = (duration_ms: number): number => Math.floor(this.random() * duration_ms)

  /** Bursts of 1 to 5, all over the story. */
  async prompt(): Promise<void> {
    for (let sent = 0; sent < PROMPTS; ) {
      await this.time.sleep(this.upTo((STORY_MS / PROMPTS) * 5))
      for (let left = 1 + this.upTo(5); left > 0 && sent < PROMPTS; left--) this.store.queue(`prompt${++sent}`)
    }
  }

  async disturb(): Promise<void> {
    for (let count = 0; count < FAULTS; count++) {
      await this.time.sleep(this.upTo((STORY_MS / FAULTS) * 2))
      const fault = FAULT_KINDS[this.upTo(FAULT_KINDS.length)]
      await fault?.(this)
    }
  }
}

/** One replica's driver of the session, as far as prompts go. */
class Holder {
  readonly #world: World
  readonly #lease: Lease
  #conversation: AgentConversation | null = null
  #life = 0
  #woken = Promise.withResolvers<void>()
  readonly #run: Promise<void>
  #stopped = false

  constructor(world: World) {
    this.#world = world
    this.#lease = world.store.lease()
    world.store.notify = this.wake
    this.#run = this.#drive()
  }

  readonly wake = (): void => this.#woken.resolve()

  /** In good order: nothing of it is under way afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.wake()
    await this.#run
  }

  async #drive(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = Promise.withResolvers()
      const wait_ms = await this.#pass().catch((error: unknown) => {
        if (!isAppError(error)) throw error
        this.#stopped ||= error.code === "stale_lease"
        return 1_000
      })
      if (wait_ms > 0) await Promise.race([this.#world.time.sleep(wait_ms), this.#woken.promise])
    }
    await this.#conversation?.close()
  }

  async #pass(): Promise<number> {
    const { agent, store } = this.#world
    store.check(this.#lease)
    if (this.#life !== agent.life || this.#conversation?.over === true) {
      await this.#conversation?.close()
      this.#conversation = null
      this.#life = agent.life
    }
    if (this.#world.followed !== agent.life) {
      await store.transcripts().markInterrupted(this.#lease)
      this.#world.followed = this.#life
    }
    if (!agent.up) return 200
    this.#conversation ??= this.#connect()
    const wait_ms = await this.#conversation.deliverNext(() => this.#life === agent.life && !this.#world.deleting)
    return Math.max(1, wait_ms ?? 30_000)
  }

  #connect(): AgentConversation {
    const { time, random, agent, store, activity, agentSessionId, newMessageId } = this.#world
    const dependencies = { clock: time, log, random, open: () => agent.open() }
    const options = {
      runtime: {
        newMessageId,
        connect: (given: ConstructorParameters<typeof Connection>[0]) => new Connection(given, dependencies),
      },
      transcripts: store.transcripts(),
      clock: time,
      log,
      journal: { lease: this.#lease, update: (change: object) => this.#update(change) },
      target: { baseUrl: "http://agent", password: new Secret("x"), directory: "/workspace" },
      title: "A session",
      agentSessionId,
      activity,
      guard: () => store.check(this.#lease),
      wake: this.wake,
    }
    return new AgentConversation(options as unknown as ConversationOptions)
  }

  async #update(change: { activity?: Activity; agentSessionId?: string }): Promise<void> {
    await this.#world.store.write(this.#lease, () => {
      this.#world.activity = change.activity ?? this.#world.activity
      this.#world.agentSessionId = change.agentSessionId ?? this.#world.agentSessionId
    })
  }
}

/** For so long at most, something takes longer. */
const SLOW_MS = 40_000

/** Until a moment around the one in which the agent takes the next prompt. */
async function aPrompt({ agent, time, upTo }: World): Promise<void> {
  const taken = Promise.withResolvers<void>()
  agent.taken = taken.resolve
  await Promise.race([taken.promise, time.sleep(SLOW_MS)])
  await time.sleep(upTo(300))
}

async function kill({ agent, time, holder }: World): Promise<void> {
  agent.kill()
  holder.wake()
  await time.sleep(2_000)
  agent.start()
}

async function crash(world: World): Promise<void> {
  world.store.lease()
  await world.time.sleep(world.upTo(12_000))
  world.holder = new Holder(world)
}

const FAULT_KINDS: ((world: World) => Promise<void>)[] = [
  kill,
  async function killedAtAPrompt(world) {
    await aPrompt(world)
    await kill(world)
  },
  async function podDeleted(world) {
    // The agent ends its turn, as its preStop does, and goes on answering until it is killed.
    world.agent.abort()
    await world.time.sleep(world.upTo(1_000))
    world.deleting = true
    await world.time.sleep(world.upTo(15_000))
    world.agent.kill()
    await world.time.sleep(world.upTo(10_000))
    world.deleting = false
    world.agent.start()
    world.holder.wake()
  },
  crash,
  async function crashedAtAPrompt(world) {
    await aPrompt(world)
    await crash(world)
  },
  async function replicaStopped(world) {
    await world.holder.stop()
    world.holder = new Holder(world)
  },
  async function streamCut({ agent }) {
    agent.cutStreams()
  },
  async function turnStopped({ agent }) {
    agent.abort()
  },
  async function agentStalled(world) {
    world.agent.stalledUntil = world.time.now() + world.upTo(32_000)
  },
  async function slowDatabase(world) {
    world.store.write_ms = 3_000
    await world.time.sleep(world.upTo(SLOW_MS))
    world.store.write_ms = 20
  },
  async function lateEvents(world) {
    world.agent.delays_ms = { ...world.agent.delays_ms, event: 8_000 }
    await world.time.sleep(world.upTo(SLOW_MS))
    world.agent.delays_ms = { ...world.agent.delays_ms, event: 30 }
  },
  async function slowAgent(world) {
    world.agent.delays_ms = { ...world.agent.delays_ms, begin: 8_000, request: 2_000, message: 30_000 }
    await world.time.sleep(world.upTo(SLOW_MS))
    world.agent.delays_ms = { ...world.agent.delays_ms, begin: 300, request: 50, message: 2_000 }
  },
]

test(`in ${STORIES} stories of bursts and faults no prompt reaches the agent before the end of the one before, and each gets an end`, {
  timeout: 300_000,
}, async () => {
  for (let seed = 1; seed <= STORIES; seed++) {
    const world = new World(seed)
    const { agent, store } = world
    const told = await world.time.wait(Promise.all([world.prompt(), world.disturb()]), STORY_MS * 10)
    const settled = await world.time.until(() => store.isSettled, SETTLES_MS)
    const waiting = store.prompts.filter(({ awaited, delivery }) => awaited || delivery === "queued")
    const unanswered = store.prompts.filter((row) => !agent.isOver(row.agentMessageId ?? ""))
    expect({ seed, told, settled, faults: agent.faults, waiting, unanswered }).toEqual({
      seed,
      told: true,
      settled: true,
      faults: [],
      waiting: [],
      unanswered: [],
    })
    const inOrder = store.prompts.map(({ agentMessageId }) => agentMessageId ?? "")
    expect(agent.answered).toEqual(inOrder.filter((id) => agent.answered.includes(id)))
    await world.time.wait(world.holder.stop(), SETTLES_MS)
  }
})
