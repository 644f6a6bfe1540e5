import type {
  AgentConnection,
  ConnectOptions,
  PromptTurn,
  Runtime,
  RuntimeSink,
} from "../../../control-plane/server/runtime/types.ts"
import type { Change } from "../../../control-plane/server/transcripts/types.ts"

/** One agent as its volume keeps it: what it was told outlives its pod. */
interface Remembered {
  readonly prompts: { id: string; text: string }[]
  /** The prompt that is being answered. */
  working: string | null
  /** Counts its processes: a turn of an earlier one is over. */
  life: number
}

interface Live {
  readonly sink: RuntimeSink
  readonly closed: () => boolean
}

/** Many agents, one for each workload, that answer every prompt after a short time. */
export class FakeAgents {
  readonly #agents = new Map<string, Remembered>()
  readonly #live = new Map<string, Live>()
  readonly #random: () => number
  #ids = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** Texts of all prompts that any agent got, in order; a repeat with the same id counts once. */
  heard(): string[] {
    return [...this.#agents.values()].flatMap((agent) => agent.prompts.map((prompt) => prompt.text))
  }

  runtime(): Runtime {
    return {
      probe: async () => true,
      explain: async () => null,
      connect: (options) => this.#connect(options),
      abort: async () => {},
      answerPermission: async () => {},
      answerQuestion: async () => {},
      patch: async () => ({ missing: "these agents have no workspace" }),
      newMessageId: () => `msg_agent${String(++this.#ids).padStart(8, "0")}`,
    }
  }

  #connect({ target, sink, signal, agentSessionId }: ConnectOptions): AgentConnection {
    const key = target.password.reveal()
    const agent = this.#agents.get(key) ?? { prompts: [], working: null, life: 0 }
    this.#agents.set(key, agent)
    agent.life += 1
    agent.working = null
    const closed = Promise.withResolvers<void>()
    let over = false
    const close = () => {
      over = true
      closed.resolve()
    }
    signal.addEventListener("abort", close)
    this.#live.set(key, { sink, closed: () => over })
    const deliver = async (work: () => Promise<void>) => {
      if (over) return
      await work().catch(close)
    }
    void deliver(async () => {
      await sink.agentSession(agentSessionId ?? `ses_${this.#ids}`)
      await sink.activity("idle")
      await sink.ready()
    })
    return {
      turnOf: (id) => turnOf(agent, id),
      askTurn: async (id) => turnOf(agent, id),
      prompt: async ({ agentMessageId, parts }) => {
        const text = parts.map((part) => part.text).join("")
        if (turnOf(agent, agentMessageId).state !== "none") return
        agent.prompts.push({ id: agentMessageId, text })
        void this.#turn(agent, sink, deliver, agentMessageId)
      },
      closed: closed.promise,
      close,
    }
  }

  async #turn(agent: Remembered, sink: RuntimeSink, deliver: (work: () => Promise<void>) => Promise<void>, id: string) {
    const { life } = agent
    agent.working = id
    const message = {
      id: `${id}_answer`,
      role: "assistant",
      agentSessionId: null,
      authorId: null,
      delivery: null,
    } as const
    const header = { ...message, createdAt: Date.now(), completedAt: null, body: {} }
    const part = { id: `prt_${id}`, type: "text", body: { text: "done", startedAt: Date.now() } } as const
    await deliver(() => sink.activity("busy"))
    const begun: Change[] = [
      { type: "message.updated", message: header },
      { type: "part.updated", messageId: message.id, part },
    ]
    await deliver(() => sink.changes(begun))
    await new Promise((resolve) => setTimeout(resolve, this.#random() * 400))
    if (agent.life !== life) return
    agent.working = null
    await deliver(() => sink.changes([{ type: "message.updated", message: { ...header, completedAt: Date.now() } }]))
    await deliver(() => sink.activity("idle"))
  }
}

function turnOf({ prompts, working }: Remembered, id: string): PromptTurn {
  if (working !== null) return { state: "running" }
  return { state: prompts.some((prompt) => prompt.id === id) ? "over" : "none" }
}
