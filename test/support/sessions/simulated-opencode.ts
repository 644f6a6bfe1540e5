import { PassThrough, type Readable } from "node:stream"
import { AppError } from "../../../control-plane/server/errors/index.ts"
import type { AgentCalls } from "../../../control-plane/server/runtime/opencode-v1/http.ts"
import type { SimulatedTime } from "./simulated-time.ts"

const ROOT = "ses_root"
const HEARTBEAT_MS = 10_000

interface Info {
  readonly id: string
  readonly sessionID: string
  readonly role: "user" | "assistant"
  readonly parentID?: string
  readonly time: { created: number; completed?: number }
  error?: { name: string; data: { message: string } }
}

type Call = Parameters<AgentCalls["json"]>[0]

/**
 * OpenCode as far as prompts go, in simulated time: answers requests one after the other, says 204 before it stores a
 * prompt, begins the turn later, tells it later still, and takes up nothing after it was killed. Notes in `faults` what it
 * must never be made to do. What the real one does is shown with the real one, in `bursts.integration.test.ts`.
 */
export class SimulatedOpenCode {
  readonly faults: string[] = []
  up = true
  /** Counts its processes. */
  life = 1
  /** Milliseconds at most: of one request, from a prompt to its turn, from an event to its arrival, of one message. */
  delays_ms = { request: 50, begin: 300, event: 30, message: 2_000 }
  /** Up to this time it answers nothing. */
  stalledUntil = 0
  /** Called when it has accepted a prompt, which it has not stored yet. */
  taken: () => void = () => undefined
  readonly #time: SimulatedTime
  readonly #random: () => number
  readonly #history: Info[] = []
  readonly #ended = new Set<string>()
  readonly #streams = new Set<{ body: PassThrough; last: Promise<void> }>()
  #running: string | null = null
  #busy = false
  #aborted = false
  #queue: Promise<unknown> = Promise.resolve()
  #death = Promise.withResolvers<never>()

  constructor(time: SimulatedTime, random: () => number) {
    this.#time = time
    this.#random = random
    this.#death.promise.catch(() => undefined)
  }

  /** Whether this prompt has an answer that is over, stopped or cut off, or an error. */
  isOver(id: string): boolean {
    return this.#ended.has(id)
  }

  /** The prompts in the order in which their answers began. */
  get answered(): string[] {
    return [...new Set(this.#history.flatMap((info) => info.parentID ?? []))]
  }

  kill(): void {
    const cut = this.#running
    if (cut !== null && this.#history.some((info) => info.parentID === cut)) this.#ended.add(cut)
    this.up = false
    this.life += 1
    this.#running = null
    this.#busy = false
    this.#death.reject(gone())
    this.cutStreams()
  }

  start(): void {
    this.#death = Promise.withResolvers()
    this.#death.promise.catch(() => undefined)
    this.up = true
  }

  cutStreams(): void {
    for (const { body } of this.#streams) body.destroy(new Error("cut"))
    this.#streams.clear()
  }

  abort(): void {
    this.#aborted = this.#running !== null
  }

  open(): AgentCalls {
    return {
      stream: (_path, signal) => this.#stream(signal),
      head: async (call) => {
        if (call.method !== "POST") return await this.#request(call, () => ({ status: 200, isJson: true }))
        const { messageID } = call.body as { messageID: string }
        return await this.#request(call, () => {
          void this.#take(messageID)
          return { status: 204, isJson: false }
        })
      },
      json: async (call) => await this.#request(call, () => ({ status: 200, bytes: 2, data: this.#read(call) })),
      page: async (call) => await this.#request(call, () => this.#page(call)),
      close: () => undefined,
    }
  }

  #read({ path, method }: Call): unknown {
    if (path === "/session/status") return this.#busy ? { [ROOT]: { type: "busy" } } : {}
    return path === "/session" && method === "POST" ? { id: ROOT } : []
  }

  /** Newest first, page by page. */
  #page({ query }: Call): Awaited<ReturnType<AgentCalls["page"]>> {
    const end = Number(query?.["before"] ?? this.#history.length)
    const start = Math.max(0, end - Number(query?.["limit"]))
    const page = this.#history.slice(start, end).map((info) => ({ info, parts: [] }))
    return { status: 200, body: Buffer.from(JSON.stringify(page)), nextCursor: start === 0 ? null : String(start) }
  }

  /** In the order in which they come, as one process with one loop answers them. */
  async #request<T>({ timeout_ms = 20_000 }: Call, work: () => T): Promise<T> {
    if (!this.up) throw gone()
    const { life } = this
    const alive = () => {
      if (life !== this.life) throw gone()
    }
    const done = this.#queue.then(async () => {
      await this.#time.sleep(Math.max(this.#upTo("request"), this.stalledUntil - this.#time.now()))
      alive()
      return work()
    })
    this.#queue = done.catch(() => undefined)
    const answer = done.then(async (value) => {
      await this.#time.sleep(this.#upTo("request"))
      return value
    })
    const late = this.#time.sleep(timeout_ms).then(() => Promise.reject(gone()))
    late.catch(() => undefined)
    answer.catch(() => undefined)
    return await Promise.race([answer, late, this.#death.promise])
  }

  async #stream(signal: AbortSignal): Promise<Readable> {
    await this.#request({ path: "/event" }, () => undefined)
    const body = new PassThrough()
    body.on("error", () => undefined)
    const stream = { body, last: Promise.resolve() }
    this.#streams.add(stream)
    signal.addEventListener("abort", () => body.destroy())
    this.#write(stream, "server.connected", {})
    void this.#beat(stream)
    return body
  }

  async #beat(stream: { body: PassThrough; last: Promise<void> }): Promise<void> {
    while (!stream.body.destroyed) {
      await this.#time.sleep(HEARTBEAT_MS)
      this.#write(stream, "server.heartbeat", {})
    }
    this.#streams.delete(stream)
  }

  #tell(type: string, properties: object): void {
    for (const stream of this.#streams) this.#write(stream, type, properties)
  }

  #write(stream: { body: PassThrough; last: Promise<void> }, type: string, properties: object): void {
    const line = `data: ${JSON.stringify({ type, properties })}\n\n`
    stream.last = stream.last.then(async () => {
      await this.#time.sleep(this.#upTo("event"))
      if (!stream.body.destroyed) stream.body.write(line)
    })
  }

  /** After its 204. */
  async #take(id: string): Promise<void> {
    const { life } = this
    this.taken()
    await this.#time.sleep(this.#upTo("request"))
    if (life !== this.life) return
    if (!this.#history.some((info) => info.id === id)) this.#store(id)
    else if (this.answered.includes(id) && this.#running !== id) this.faults.push(`${id} is answered a second time`)
    if (this.#running === null) await this.#turn(id)
  }

  #store(id: string): void {
    for (const { id: other, role } of this.#history) {
      if (role === "user" && !this.#ended.has(other)) this.faults.push(`${id} came before the end of ${other}`)
    }
    this.#note({ id, sessionID: ROOT, role: "user", time: { created: this.#time.now() } })
  }

  async #turn(id: string): Promise<void> {
    const { life } = this
    this.#running = id
    this.#aborted = false
    await this.#time.sleep(this.#upTo("begin"))
    if (life !== this.life) return
    if (this.#random() < 0.04) return this.#fail(id)
    this.#busy = true
    this.#tell("session.status", { sessionID: ROOT, status: { type: "busy" } })
    const steps = 1 + Math.floor(this.#random() * 3)
    for (let step = 0; step < steps && !this.#aborted; step++) {
      await this.#time.sleep(this.#upTo("request"))
      if (life !== this.life) return
      const info = this.#note(this.#answer(id))
      await this.#time.sleep(this.#upTo("message"))
      if (life !== this.life) return
      info.time.completed = this.#time.now()
      if (this.#aborted) info.error = { name: "MessageAbortedError", data: { message: "" } }
      this.#tell("message.updated", { info })
    }
    await this.#time.sleep(this.#upTo("request"))
    if (life !== this.life) return
    this.#busy = false
    this.#over(id)
    this.#tell("session.status", { sessionID: ROOT, status: { type: "idle" } })
    this.#tell("session.idle", { sessionID: ROOT })
  }

  #answer(parentID: string): Info {
    const id = `msg_answer${String(this.#history.length).padStart(10, "0")}`
    return { id, sessionID: ROOT, role: "assistant", parentID, time: { created: this.#time.now() } }
  }

  #note(info: Info): Info {
    this.#history.push(info)
    this.#tell("message.updated", { info })
    return info
  }

  /** An error before the turn: no message and no idle event follow it. */
  #fail(id: string): void {
    this.#over(id)
    const error = { name: "UnknownError", data: { message: "out of luck" } }
    this.#tell("session.error", { sessionID: ROOT, error })
  }

  #over(id: string): void {
    this.#ended.add(id)
    this.#running = null
  }

  #upTo(what: keyof SimulatedOpenCode["delays_ms"]): number {
    return Math.floor(this.#random() * this.delays_ms[what])
  }
}

function gone(): AppError {
  return new AppError("agent_failed", "The agent cannot be reached.")
}
