import { pino } from "pino"
import { expect, test } from "vitest"
import type { PromptTurn, RuntimeSink } from "../../runtime/types.ts"
import type { QueuedPrompt, Transcripts } from "../../transcripts/types.ts"
import { AgentConversation, type ConversationOptions } from "./conversation.ts"
import { TIMES } from "./limits.ts"

/** A point at which the code under test waits until the test lets it go on. */
class Gate {
  readonly reached = Promise.withResolvers<void>()
  readonly open = Promise.withResolvers<void>()

  async pass(): Promise<void> {
    this.reached.resolve()
    await this.open.promise
  }
}

/** A conversation with everything around it made by hand: only so can each moment between two awaits be reached. */
class Bench {
  now = 1_000_000
  ids = 0
  readonly given: string[] = []
  readonly turns = new Map<string, PromptTurn["state"]>()
  /** What the agent says when it is asked. */
  readonly asked = new Map<string, PromptTurn>()
  readonly waiting: QueuedPrompt[] = []
  readonly ended: string[] = []
  /** Set to hold up the write of that name. */
  gates: { update?: Gate; markSending?: Gate; prompt?: Gate } = {}
  podStays = true
  sink!: RuntimeSink
  readonly conversation: AgentConversation

  constructor() {
    const parts = {
      log: pino({ level: "silent" }),
      clock: { now: () => this.now, sleep: async () => undefined },
      runtime: {
        newMessageId: () => `msg_${++this.ids}`,
        connect: ({ sink }: { sink: RuntimeSink }) => {
          this.sink = sink
          return {
            closed: new Promise(() => undefined),
            close: () => undefined,
            turnOf: (id: string) => ({ state: this.turns.get(id) ?? "none" }),
            askTurn: async (id: string) => this.asked.get(id) ?? { state: "none" },
            prompt: async (input: { agentMessageId: string; parts: { text: string }[] }) => {
              await this.gates.prompt?.pass()
              this.given.push(input.parts.map((part) => part.text).join(""))
            },
          }
        },
      },
      transcripts: this.#transcripts(),
      journal: { lease: { sessionId: "ses_1", holder: "a", epoch: 1n }, update: () => this.gates.update?.pass() },
      activity: "idle",
      guard: () => undefined,
      wake: () => undefined,
    }
    this.conversation = new AgentConversation(parts as unknown as ConversationOptions)
  }

  #transcripts(): Partial<Transcripts> {
    const change = (id: string, patch: Partial<QueuedPrompt>) => {
      const index = this.waiting.findIndex((one) => one.messageId === id)
      const found = this.waiting[index]
      if (found !== undefined) this.waiting[index] = { ...found, ...patch }
    }
    return {
      nextPrompt: async () => this.waiting[0] ?? null,
      markSending: async (_lease, id, agentMessageId) => {
        const attempts = (this.waiting[0]?.attempts ?? 0) + 1
        change(id, { delivery: "sending", awaited: true, agentMessageId, attempts })
        await this.gates.markSending?.pass()
      },
      markSent: async (_lease, id) => change(id, { delivery: "sent" }),
      markAnswered: async () => void this.ended.push(`${this.waiting.shift()?.messageId} answered`),
      markFailed: async (_lease, _id, { message }) =>
        void this.ended.push(`${this.waiting.shift()?.messageId} failed: ${message}`),
    }
  }

  queue(...texts: string[]): void {
    for (const text of texts) {
      const parts = [{ id: `prt_${text}`, type: "text", text } as const]
      this.waiting.push({
        messageId: text,
        agentMessageId: null,
        delivery: "queued",
        awaited: false,
        attempts: 0,
        parts,
      })
    }
  }

  look(): Promise<number | null> {
    return this.conversation.deliverNext(() => this.podStays)
  }

  /** Looks as often as the conversation asks for, for so long. */
  async lookFor(duration_ms: number): Promise<void> {
    const end = this.now + duration_ms
    while (this.now < end) this.now += Math.max(1, (await this.look()) ?? duration_ms)
  }
}

async function bench(...texts: string[]): Promise<Bench> {
  const made = new Bench()
  await made.sink.ready()
  made.queue(...texts)
  return made
}

test("a driver that is woken by the write of an activity does not take the working agent for idle", async () => {
  const one = await bench("first", "second")
  await one.look()
  const gate = new Gate()
  one.gates = { update: gate }
  const told = one.sink.activity("busy")
  await gate.reached.promise
  await one.look()
  expect(one.given).toEqual(["first"])
  gate.open.resolve()
  await told
})

test("the next prompt waits for the agent's word that the one before is over, however long that takes", async () => {
  const one = await bench("first", "second")
  await one.look()
  await one.sink.activity("busy")
  await one.lookFor(3_600_000)
  await one.sink.activity("idle")
  one.turns.set("msg_1", "running")
  await one.lookFor(3_600_000)
  expect(one.given).toEqual(["first"])
  one.turns.set("msg_1", "over")
  await one.look()
  await one.look()
  expect([one.given, one.ended]).toEqual([["first", "second"], ["first answered"]])
})

test("a turn that the stream has not told of is found by asking the agent, and nothing is sent into it", async () => {
  const one = await bench("first", "second")
  one.asked.set("msg_1", { state: "running" })
  await one.lookFor(600_000)
  expect(one.given).toEqual(["first"])
  one.asked.set("msg_1", { state: "over" })
  await one.lookFor(TIMES.look_ms * 2)
  expect([one.given, one.ended]).toEqual([["first", "second"], ["first answered"]])
})

test("a prompt that shows no answer is given again under its id, and within a minute it fails with words", async () => {
  const one = await bench("first", "second")
  await one.look()
  await one.lookFor(60_000)
  expect(one.given.slice(0, 5)).toEqual(["first", "first", "first", "first", "second"])
  expect(one.ended[0]).toMatch(/^first failed: The agent took the message several times/)
  expect(one.ids).toBe(2)
})

test("a prompt that is answered while its repeat is being written down is not given again", async () => {
  const one = await bench("first")
  await one.look()
  one.now += TIMES.turn_begins_ms
  const gate = new Gate()
  one.gates = { markSending: gate }
  const repeated = one.look()
  await gate.reached.promise
  one.turns.set("msg_1", "over")
  gate.open.resolve()
  await repeated
  await one.look()
  expect([one.given, one.ended]).toEqual([["first"], ["first answered"]])
})

test("an error of the agent's ends a prompt that has no answer, with its words", async () => {
  const one = await bench("first", "second")
  one.asked.set("msg_1", { state: "failed", error: { code: "unknown_model", message: "No such model." } })
  await one.lookFor(TIMES.turn_begins_ms + TIMES.look_ms * 2)
  expect([one.given, one.ended]).toEqual([["first", "second"], ["first failed: No such model."]])
})

test("what an earlier holder of the lease sent is awaited, and given again only when it shows no answer", async () => {
  const one = await bench("first", "second")
  const sent = { agentMessageId: "msg_before", delivery: "sent", awaited: true, attempts: 1 } as const
  one.waiting[0] = { ...(one.waiting[0] as QueuedPrompt), ...sent }
  await one.lookFor(TIMES.turn_begins_ms - 1)
  expect(one.given).toEqual([])
  await one.lookFor(TIMES.look_ms)
  expect(one.given).toEqual(["first"])
})

test.each<[string, (one: Bench) => unknown]>([
  ["the agent begins to work", (one) => one.sink.activity("busy")],
  ["the stream breaks", (one) => one.sink.link("lost", "gone")],
  ["the pod is deleted", (one) => void (one.podStays = false)],
])("nothing is sent when %s while the prompt is being written down, and it is sent later", async (_words, change) => {
  const one = await bench("first")
  const gate = new Gate()
  one.gates = { markSending: gate }
  const sent = one.look()
  await gate.reached.promise
  await change(one)
  gate.open.resolve()
  await sent
  expect(one.given).toEqual([])
  one.gates = {}
  one.podStays = true
  one.sink.link("back", "here")
  await one.sink.activity("idle")
  await one.lookFor(TIMES.turn_begins_ms + TIMES.look_ms)
  expect([one.given[0], one.waiting[0]?.delivery]).toEqual(["first", "sent"])
})
