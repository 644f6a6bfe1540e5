import { pino } from "pino"
import { expect, test } from "vitest"
import type { RuntimeSink } from "../../runtime/types.ts"
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
  readonly given: string[] = []
  readonly has = new Set<string>()
  readonly waiting: QueuedPrompt[] = []
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
        newMessageId: () => `msg_${this.given.length}`,
        connect: ({ sink }: { sink: RuntimeSink }) => {
          this.sink = sink
          return {
            closed: new Promise(() => undefined),
            close: () => undefined,
            hasMessage: async (id: string) => this.has.has(id),
            prompt: async (input: { agentMessageId: string; parts: { text: string }[] }) => {
              await this.gates.prompt?.pass()
              this.given.push(input.parts.map((part) => part.text).join(""))
              this.has.add(input.agentMessageId)
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
        change(id, { delivery: "sending", agentMessageId })
        await this.gates.markSending?.pass()
      },
      markSent: async () => void this.waiting.shift(),
    }
  }

  queue(...texts: string[]): void {
    for (const text of texts) {
      const parts = [{ id: `prt_${text}`, type: "text", text } as const]
      this.waiting.push({ messageId: text, agentMessageId: null, delivery: "queued", parts })
    }
  }

  look(): Promise<number | null> {
    return this.conversation.deliverNext("ses_1", () => this.podStays)
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

test("the time for a turn to begin counts from the agent's answer, however long that took", async () => {
  const one = await bench("first", "second")
  const gate = new Gate()
  one.gates = { prompt: gate }
  const sent = one.look()
  await gate.reached.promise
  one.now += TIMES.turn_begins_ms * 2
  gate.open.resolve()
  await sent
  one.gates = {}
  one.now += TIMES.look_ms
  await one.look()
  expect(one.given).toEqual(["first"])
})

test("a prompt that the agent has already may be about to begin: the next one waits", async () => {
  const one = await bench("first", "second")
  one.has.add("msg_before")
  one.waiting[0] = { ...(one.waiting[0] as QueuedPrompt), agentMessageId: "msg_before", delivery: "sending" }
  await one.look()
  expect(one.waiting.map(({ messageId }) => messageId)).toEqual(["second"])
  one.now += TIMES.look_ms
  await one.look()
  expect(one.given).toEqual([])
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
  await one.look()
  expect([one.given, one.waiting]).toEqual([["first"], []])
})
