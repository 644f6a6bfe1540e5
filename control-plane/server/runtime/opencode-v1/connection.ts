import type { Readable } from "node:stream"
import { setImmediate } from "node:timers/promises"
import type { Logger } from "pino"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import type { AgentConnection, AgentTarget, ConnectOptions, PromptTurn } from "../types.ts"
import { id } from "./clean.ts"
import { Conversation } from "./conversation.ts"
import { findOrCreate } from "./conversations.ts"
import { Delivery } from "./delivery.ts"
import { OVERSIZE, parseEvent, readEvents, type StreamedEvent } from "./events.ts"
import type { AgentCalls } from "./http.ts"
import { LIMITS, RATES, TIMES } from "./limits.ts"
import { OwnPrompts } from "./own-prompts.ts"
import { growingTexts, type HistoryReader, newSnapshot, readBusy, readNewest, readSnapshot } from "./snapshot.ts"
import { StatusPoll } from "./status-poll.ts"

export interface ConnectionDependencies {
  readonly clock: Clock
  readonly log: Logger
  readonly random: () => number
  /** The way to an agent; closed by whoever follows it. */
  readonly open: (target: AgentTarget) => AgentCalls
}

interface Talk {
  readonly sessionId: string
  readonly conversation: Conversation
  readonly delivery: Delivery
}

/** Follows one agent: see `Runtime.connect`. Ends when closed, when the signal aborts or when the sink refuses. */
export class Connection implements AgentConnection {
  readonly closed: Promise<void>
  readonly #options: ConnectOptions
  readonly #dependencies: ConnectionDependencies
  readonly #http: AgentCalls
  readonly #own: OwnPrompts
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #talk: Talk | null = null
  #failures = 0
  /** An event was too long to be read: what it said is in the agent's history. */
  #missed = false
  #rereadAt = Number.NEGATIVE_INFINITY
  #wasReady = false
  #lost = false

  constructor(options: ConnectOptions, dependencies: ConnectionDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#http = dependencies.open(options.target)
    this.#own = new OwnPrompts(() => options.sink.ownPrompts(LIMITS.own_prompts_max))
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal])
    this.closed = this.#run()
  }

  turnOf(agentMessageId: string): PromptTurn {
    return this.#open().conversation.turnOf(agentMessageId)
  }

  async askTurn(agentMessageId: string): Promise<PromptTurn> {
    const { sessionId, conversation } = this.#open()
    const version = conversation.statusVersion
    // In this order: of an agent that is idle afterwards, all that it wrote before is over.
    const newest = await readNewest(this.#http, this.#reader(sessionId), this.#signal)
    const busy = await readBusy(this.#http, this.#signal)
    if (busy.has(sessionId)) {
      if (conversation.statusVersion === version) conversation.setBusy(busy)
      this.#talk?.delivery.wake()
      return { state: "running" }
    }
    // What the stream did not tell is read again, for the transcript.
    if (conversation.noteNewest(newest)) this.#missed = true
    return conversation.askedTurnOf(agentMessageId)
  }

  async prompt(input: Parameters<AgentConnection["prompt"]>[0]): Promise<void> {
    const { sessionId, conversation } = this.#open()
    this.#own.note(checked(input.agentMessageId))
    conversation.given(input.agentMessageId)
    const { status } = await this.#http.head({
      method: "POST",
      path: `/session/${sessionId}/prompt_async`,
      body: { messageID: checked(input.agentMessageId), parts: input.parts },
      timeout_ms: TIMES.prompt_timeout_ms,
    })
    if (status === 204 || status === 200) return
    throw new AppError("agent_failed", "The agent did not accept the message.", { detail: `prompt_async: ${status}` })
  }

  close(): void {
    this.#stop.abort(new Error("closed"))
    this.#http.close()
  }

  #reader(rootId: string): HistoryReader {
    return { rootId, directory: this.#options.target.directory }
  }

  #open(): Talk {
    if (this.#talk !== null) return this.#talk
    throw new AppError("agent_failed", "The agent is not ready yet.", { retryAfter_s: 1 })
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#dependencies
    // At once: what is not delivered yet is read again by whoever follows next.
    this.#signal.addEventListener("abort", () => void this.#talk?.delivery.stop(), { once: true })
    while (!this.#signal.aborted) {
      await this.#follow().catch((error: unknown) => this.#tellLost(error))
      // A receiver that was too slow gets the time it needs before more is read.
      await this.#talk?.delivery.drain()
      const backoff_ms = Math.min(TIMES.backoff_min_ms * 2 ** this.#failures++, TIMES.backoff_max_ms)
      await clock.sleep(backoff_ms * (0.75 + random() / 2), this.#signal).catch(() => undefined)
    }
    this.close()
    await this.#talk?.delivery.stop()
  }

  /** One stream: opened, brought into step, followed to its end. Always rejects in the end. */
  async #follow(): Promise<never> {
    const ending = new AbortController()
    const signal = AbortSignal.any([this.#signal, ending.signal])
    const stream = new Stream(await this.#http.stream("/event", signal), this.#dependencies.clock)
    const reading = stream.read()
    const inStep = this.#resync(stream, signal)
    try {
      await Promise.race([reading, inStep])
      return await reading
    } finally {
      ending.abort(new Error("the stream ended"))
      await inStep.catch(() => undefined)
    }
  }

  /** Events are buffered meanwhile, so that nothing falls between what is read here and what is streamed. */
  async #resync(stream: Stream, signal: AbortSignal): Promise<void> {
    await stream.opened
    const { talk, created } = await this.#openTalk(signal)
    const { conversation, delivery, sessionId } = talk
    const snapshot = created ? newSnapshot(sessionId) : await readSnapshot(this.#http, this.#reader(sessionId), signal)
    const growing = growingTexts(snapshot).slice(0, LIMITS.growing_texts_max)
    const stored = growing.length === 0 ? new Map() : await this.#options.sink.storedTexts(growing)
    signal.throwIfAborted()
    this.#missed = false
    await conversation.restore(snapshot, stored)
    signal.throwIfAborted()
    // What was read of the history may wait; of what comes on top of it no more than at any other time.
    let restored_chars = conversation.outbox.chars
    const poll = new StatusPoll({
      clock: this.#dependencies.clock,
      conversation,
      read: () => readBusy(this.#http, signal),
      signal,
      changed: () => delivery.wake(),
    })
    await stream.goLive((event) => {
      this.#rereadIfMissed(event)
      const outcome = conversation.apply(event)
      if (outcome === "gone") throw new Error("the conversation was deleted in the agent")
      poll.consider(outcome === "poll")
      delivery.wake()
      if (conversation.outbox.chars > LIMITS.outbox_chars_max + restored_chars) {
        // Better to let go and read the state again than to hold everything while the receiver is slow.
        throw new Error("the agent says more than can be stored in time")
      }
    }, signal)
    await delivery.drain()
    restored_chars = 0
    this.#failures = 0
    if (this.#lost) this.#options.sink.link("back", "in step with the agent again")
    this.#lost = false
    if (!this.#wasReady) await delivery.inOrder(() => this.#options.sink.ready())
    this.#wasReady = true
  }

  /** Not more often than its interval, however many long events there are; a heartbeat comes every ten seconds. */
  #rereadIfMissed(event: unknown): void {
    const now = this.#dependencies.clock.now()
    if (event === OVERSIZE) this.#missed = true
    if (!this.#missed || now - this.#rereadAt < TIMES.reread_interval_ms) return
    this.#rereadAt = now
    throw new Error("the agent said more in one event than can be read; its history is read instead")
  }

  async #openTalk(signal: AbortSignal): Promise<{ talk: Talk; created: boolean }> {
    const { sink, title, target, agentSessionId } = this.#options
    const { clock } = this.#dependencies
    const known = this.#talk?.sessionId ?? agentSessionId
    const { sessionId, forgotten, created } = await findOrCreate(this.#http, known, title, signal)
    if (this.#talk?.sessionId === sessionId) return { talk: this.#talk, created }
    await this.#talk?.delivery.stop()
    const conversation = new Conversation({ rootId: sessionId, directory: target.directory, now: () => clock.now() })
    const refuse = (error: unknown) => this.#refuse(error)
    const delivery = new Delivery({ conversation, sink, clock, own: this.#own, refuse })
    this.#talk = { sessionId, conversation, delivery }
    await delivery.inOrder(() => sink.agentSession(sessionId))
    if (forgotten) conversation.outbox.push(FORGOTTEN, "forgotten")
    return { talk: this.#talk, created }
  }

  #refuse(error: unknown): void {
    this.#dependencies.log.warn({ err: error }, "the receiver of an agent's events refused; the connection is closed")
    this.close()
  }

  #tellLost(error: unknown): void {
    if (this.#signal.aborted || this.#lost) return
    this.#lost = true
    const detail = isAppError(error) ? `${error.message} ${error.detail ?? ""}` : String(error)
    this.#options.sink.link("lost", detail.slice(0, LIMITS.message_chars_max))
  }
}

const FORGOTTEN = {
  type: "notice",
  level: "info",
  code: "agent_forgot",
  message: "The agent no longer has this conversation. It starts over and does not remember what was said before.",
} as const

function checked(agentMessageId: string): string {
  const valid = id(agentMessageId, "msg")
  if (valid === undefined) throw new AppError("invalid_request", "This is not an id of a message.")
  return valid
}

/** Of events that were kept: so many, or one long one, are read before other work gets its turn. */
const EVENTS_AT_ONCE = 50
const LONG_EVENT_CHARS = 64 * 1024

function sizeOf(event: StreamedEvent): number {
  return event === OVERSIZE ? 0 : event.length
}

/** An open event stream: keeps events until they have a receiver, then passes them on. */
class Stream {
  readonly #body: Readable
  readonly #clock: Clock
  readonly #opened = Promise.withResolvers<void>()
  #buffer: StreamedEvent[] = []
  #bufferedBytes = 0
  #receive: ((event: unknown) => void) | null = null

  constructor(body: Readable, clock: Clock) {
    this.#body = body
    this.#clock = clock
    this.#opened.promise.catch(() => undefined)
  }

  /** Resolves with the first event: from then on the agent keeps nothing back. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  /** Hands over what was kept, then everything that follows. */
  async goLive(receive: (event: unknown) => void, signal: AbortSignal): Promise<void> {
    // A loop: while these are read, more are kept.
    while (this.#buffer.length > 0) {
      const kept = this.#buffer
      this.#buffer = []
      this.#bufferedBytes = 0
      for (const [index, event] of kept.entries()) {
        this.#pass(event, receive)
        if (index % EVENTS_AT_ONCE === 0 || sizeOf(event) > LONG_EVENT_CHARS) await setImmediate()
        signal.throwIfAborted()
      }
    }
    this.#receive = receive
  }

  /** Reads to the end. @throws Error always, with the reason why it ended */
  async read(): Promise<never> {
    try {
      for await (const event of readEvents(this.#body, this.#clock)) {
        this.#opened.resolve()
        if (this.#receive !== null) this.#pass(event, this.#receive)
        else this.#keep(event)
      }
      throw new Error("the agent closed its event stream")
    } catch (error) {
      this.#opened.reject(error)
      throw error
    }
  }

  #pass(raw: StreamedEvent, receive: (event: unknown) => void): void {
    const event = parseEvent(raw)
    if (event !== undefined) receive(event)
  }

  #keep(event: StreamedEvent): void {
    this.#buffer.push(event)
    this.#bufferedBytes += RATES.event_bytes + sizeOf(event)
    if (this.#bufferedBytes > LIMITS.resync_buffer_bytes_max)
      throw new Error("too many events while reading the history")
  }
}
