import { newId } from "../../control-plane/ui/src/api/ids.ts"
import type { AgentRequest, Message, Part } from "../../control-plane/ui/src/api/types.ts"
import { SCRIPT } from "./script.ts"
import type { Store } from "./store.ts"

type Tool = NonNullable<Part["body"]["tool"]>

export interface TurnOptions {
  readonly store: Store
  readonly id: string
  readonly now: () => number
  /** Waits that many scripted milliseconds; rejects when the turn is interrupted. */
  readonly wait: (ms: number) => Promise<void>
  readonly signal: AbortSignal
}

/** One turn of the scripted agent. */
export class Turn {
  readonly #options: TurnOptions
  readonly #messageId = newId("msg")

  constructor(options: TurnOptions) {
    this.#options = options
    const message: Omit<Message, "parts"> = {
      id: this.#messageId,
      role: "assistant",
      agentSessionId: null,
      authorId: null,
      delivery: null,
      createdAt: options.now(),
      completedAt: null,
      body: { model: { provider: "demo", id: "demo-1" } },
    }
    options.store.change(options.id, { type: "message.updated", message })
  }

  /** `ask`: permission; `question`; `long N`: N words; `fail`; anything else: reasoning, to-do list, tools, an answer. */
  async run(prompt: string): Promise<void> {
    const words = /\blong (\d+)/.exec(prompt)?.[1]
    if (words) await this.#say("text", longText(Number(words)), 1)
    else if (/\bfail\b/.test(prompt)) return this.finish({ error: SCRIPT.failure })
    else await this.#work(prompt)
    const tokens = { input: 8120, output: 412, reasoning: 96, cacheRead: 5200, cacheWrite: 0 }
    this.finish({ finish: "stop", cost: 0.0134, tokens })
  }

  /** Ends the message, well or not. */
  finish(body: Message["body"]): void {
    const { store, id, now } = this.#options
    const message = store.get(id)?.state.messages.find((one) => one.id === this.#messageId)
    if (!message) return
    const { parts: _, ...header } = message
    store.change(id, {
      type: "message.updated",
      message: { ...header, completedAt: now(), body: { ...header.body, ...body } },
    })
  }

  async #work(prompt: string): Promise<void> {
    const done = SCRIPT.todo.input.todos.map((todo) => ({ ...todo, status: "completed" }))
    await this.#say("reasoning", SCRIPT.thought, 8)
    await this.#call(SCRIPT.todo, 100)
    await this.#call(SCRIPT.read, 300)
    if (/\bask\b/.test(prompt)) await this.#ask("permission", SCRIPT.permission)
    if (/\bquestion\b/.test(prompt)) await this.#ask("question", SCRIPT.question)
    await this.#call(SCRIPT.edit, 300)
    await this.#call(SCRIPT.tests, 1500)
    await this.#call({ ...SCRIPT.todo, input: { todos: done } }, 100)
    await this.#say("text", SCRIPT.answer, 14)
  }

  #part(part: Part): void {
    this.#options.store.change(this.#options.id, { type: "part.updated", messageId: this.#messageId, part })
  }

  async #say(type: "text" | "reasoning", text: string, ms: number): Promise<void> {
    const { store, id, now, wait } = this.#options
    const partId = newId("prt")
    const startedAt = now()
    this.#part({ id: partId, type, body: { text: "", startedAt } })
    let offset = 0
    for (const delta of text.match(/\s*\S+/g) ?? []) {
      await wait(ms)
      store.change(id, { type: "part.delta", messageId: this.#messageId, partId, offset, delta })
      offset += delta.length
    }
    this.#part({ id: partId, type, body: { text, startedAt, endedAt: now() } })
  }

  async #call(tool: Tool, ms: number): Promise<void> {
    const { now, wait } = this.#options
    const id = newId("prt")
    const startedAt = now()
    const { output: _, exitCode: _code, ...begun } = tool
    this.#part({ id, type: "tool", body: { tool: { ...begun, status: "running" }, startedAt } })
    await wait(ms)
    this.#part({ id, type: "tool", body: { tool, startedAt, endedAt: now() } })
  }

  /** Waits until a person has answered. */
  async #ask(kind: AgentRequest["kind"], body: AgentRequest["body"]): Promise<void> {
    const { store, id, now, signal } = this.#options
    const request: AgentRequest = { id: newId("req"), kind, state: "open", createdAt: now(), body, answer: null }
    store.change(id, { type: "request.updated", request })
    store.update(id, { activity: "waiting" })
    await new Promise<void>((resolve, reject) => {
      const leave = store.listen((told) => {
        if (told.kind !== "event" || told.event.change.type !== "request.updated") return
        const { request: changed } = told.event.change
        if (changed.id !== request.id || changed.state === "open") return
        leave()
        resolve()
      })
      signal.addEventListener("abort", () => reject(signal.reason))
    })
    store.update(id, { activity: "busy" })
  }
}

function longText(words: number): string {
  return Array.from({ length: words }, (_, n) => `word${n}${n % 40 === 39 ? ".\n\n" : ""}`).join(" ")
}
