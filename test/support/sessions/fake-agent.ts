import type {
  AgentConnection,
  AgentTarget,
  ConnectOptions,
  Patch,
  PromptTurn,
  Runtime,
  RuntimeSink,
} from "../../../control-plane/server/runtime/types.ts"
import type { Change } from "../../../control-plane/server/transcripts/types.ts"

/** An agent that does what a test says; what the real one does is proven with the real one. */
export class FakeAgent {
  /** Answers probes. */
  up = true
  /** Every prompt that arrived, repeats too, and over which connection: the first one is 1. */
  readonly prompts: { agentMessageId: string; text: string; connection: number }[] = []
  /** What it knows, as the real one keeps it on its volume. */
  readonly messages = new Set<string>()
  /** Every prompt is answered as soon as it is there; when false, those of `answered` are. */
  answersAtOnce = true
  readonly answered = new Set<string>()
  readonly sinks: RuntimeSink[] = []
  readonly conversations: (string | null)[] = []
  readonly aborted: string[] = []
  /** What has changed in its workspace, as it says. */
  patch: Patch = { missing: "the workspace holds no repository" }
  patchesAsked = 0
  /** What it says instead of working. */
  words: string | null = null
  /** When true, prompts arrive but the answer is lost: the caller sees an error. */
  loseAnswers = false
  /** Its history: told to whoever connects, as the real one's is read. */
  history: Change[] = []
  /** Prompts that are never answered, and whose connections cannot be closed: a fault that no limit of ours ends. */
  hanging = 0
  /** Why its conversation cannot be read, although it answers. */
  unreadable: string | null = null
  target: AgentTarget | null = null
  #ids = 0

  runtime(): Runtime {
    return {
      probe: async (target) => {
        this.target = target
        return this.up
      },
      explain: async () => this.words,
      connect: (options) => this.#connect(options),
      abort: async (_target, id) => void this.aborted.push(id),
      answerPermission: async () => {},
      answerQuestion: async () => {},
      patch: async () => {
        this.patchesAsked += 1
        return this.patch
      },
      newMessageId: () => `msg_agent${String(++this.#ids).padStart(6, "0")}`,
    }
  }

  /** The connection that a driver holds now. */
  get sink(): RuntimeSink {
    const sink = this.sinks.at(-1)
    if (sink === undefined) throw new Error("nobody is connected")
    return sink
  }

  /** Goes into its history, and to whoever follows it; a connection that is refused ends, as the real one's does. */
  async say(...changes: Change[]): Promise<void> {
    this.history.push(...changes)
    await this.#deliver(changes)
  }

  #deliver: (changes: Change[]) => Promise<void> = async () => undefined

  #turnOf(id: string): PromptTurn {
    return { state: this.answered.has(id) || (this.answersAtOnce && this.messages.has(id)) ? "over" : "none" }
  }

  #connect(options: ConnectOptions): AgentConnection {
    const { sink, agentSessionId, signal } = options
    const closed = Promise.withResolvers<void>()
    signal.addEventListener("abort", () => closed.resolve())
    const connection = this.sinks.push(sink)
    this.conversations.push(agentSessionId)
    const refuse = () => closed.resolve()
    this.#deliver = (changes) => sink.changes(changes).catch(refuse)
    void (async () => {
      if (this.unreadable !== null) return sink.link("lost", this.unreadable)
      await sink.agentSession(agentSessionId ?? "ses_agent")
      if (this.history.length > 0) await sink.changes(this.history)
      await sink.activity("idle")
      await sink.ready()
    })().catch(refuse)
    return {
      turnOf: (id) => this.#turnOf(id),
      askTurn: async (id) => this.#turnOf(id),
      prompt: async ({ agentMessageId, parts }) => {
        this.prompts.push({ agentMessageId, text: parts.map((part) => part.text).join(""), connection })
        this.messages.add(agentMessageId)
        if (this.hanging > 0) {
          this.hanging -= 1
          await new Promise(() => undefined)
        }
        if (this.loseAnswers) throw new Error("connection reset")
      },
      closed: closed.promise,
      close: () => closed.resolve(),
    }
  }
}
