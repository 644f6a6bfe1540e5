import { newId } from "../src/api/ids.ts"
import type { AgentRequest, Message, Part, StartStep } from "../src/api/types.ts"
import type { Store } from "./store.ts"

const STEPS = ["scheduled", "image", "workspace", "agent"] as const

/** Plays an agent from a script. What the prompt contains decides what happens: see `turn`. */
export function createAgent(store: Store, now: () => number, speed: number) {
  const running = new Map<string, AbortController>()
  const wait = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms * speed)
      signal?.addEventListener("abort", () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
    })

  async function start(id: string): Promise<void> {
    let steps: readonly StartStep[] = STEPS.map((name) => ({
      name,
      state: "pending",
      startedAt: null,
      endedAt: null,
      detail: null,
    }))
    store.update(id, { desired: "running", status: "starting", reason: null, steps })
    const broken = store.get(id)?.state.session?.repository?.url.includes("missing") === true
    for (const [index, name] of STEPS.entries()) {
      const begin = now()
      const set = (patch: Partial<StartStep>) => {
        steps = steps.with(index, { name, state: "active", startedAt: begin, endedAt: null, detail: null, ...patch })
        store.update(id, { steps })
      }
      set(name === "workspace" ? { detail: "Cloning into '/workspace/repo'..." } : {})
      await wait(600)
      if (broken && name === "workspace") return fail(id, steps, set)
      set({ state: "done", endedAt: now() })
    }
    store.update(id, {
      status: "running",
      activity: "idle",
      helpers: { settingsPresent: true, names: ["fetch-bedrock-token"] },
    })
    await next(id)
  }

  function fail(id: string, _steps: readonly StartStep[], set: (patch: Partial<StartStep>) => void): void {
    set({
      state: "failed",
      endedAt: now(),
      detail: "fatal: repository 'https://git.example.com/missing.git/' not found",
    })
    store.update(id, {
      status: "failed",
      reason: {
        code: "clone_refused",
        message: "The repository could not be cloned.",
        hint: "Check its address, and that you may read it. Then try again.",
      },
    })
  }

  /** Takes the next prompt that waits, when nothing runs. */
  async function next(id: string): Promise<void> {
    const state = store.get(id)?.state
    if (!state?.session || state.session.status !== "running" || running.has(id)) return
    const prompt = state.messages.find((message) => message.delivery === "queued")
    if (!prompt) return
    const { parts, ...header } = prompt
    const mine = new AbortController()
    running.set(id, mine)
    store.change(id, { type: "message.updated", message: { ...header, delivery: "sent" } })
    store.update(id, { activity: "busy" })
    try {
      await turn(id, parts[0]?.body.text ?? "", mine.signal)
    } catch {
      finish(id, { error: { code: "aborted", message: "Stopped on request" } })
    }
    running.delete(id)
    store.update(id, { activity: "idle" })
    await next(id)
  }

  function open(id: string): Message {
    const message: Message = {
      id: newId("msg"),
      role: "assistant",
      agentSessionId: null,
      authorId: null,
      delivery: null,
      createdAt: now(),
      completedAt: null,
      body: { model: { provider: "demo", id: "demo-1" } },
      parts: [],
    }
    const { parts: _, ...header } = message
    store.change(id, { type: "message.updated", message: header })
    return message
  }

  function finish(id: string, body: Message["body"]): void {
    const last = store.get(id)?.state.messages.findLast((message) => message.role === "assistant")
    if (!last) return
    const { parts: _, ...header } = last
    store.change(id, {
      type: "message.updated",
      message: { ...header, completedAt: now(), body: { ...header.body, ...body } },
    })
  }

  async function say(
    id: string,
    messageId: string,
    type: "text" | "reasoning",
    text: string,
    signal: AbortSignal,
    ms = 14,
  ): Promise<void> {
    const partId = newId("prt")
    const startedAt = now()
    store.change(id, { type: "part.updated", messageId, part: { id: partId, type, body: { text: "", startedAt } } })
    let offset = 0
    for (const delta of text.match(/\s*\S+/g) ?? []) {
      await wait(ms, signal)
      store.change(id, { type: "part.delta", messageId, partId, offset, delta })
      offset += delta.length
    }
    store.change(id, {
      type: "part.updated",
      messageId,
      part: { id: partId, type, body: { text, startedAt, endedAt: now() } },
    })
  }

  async function call(
    id: string,
    messageId: string,
    tool: NonNullable<Part["body"]["tool"]>,
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    const partId = newId("prt")
    const startedAt = now()
    const set = (patch: Partial<typeof tool>, endedAt?: number) =>
      store.change(id, {
        type: "part.updated",
        messageId,
        part: {
          id: partId,
          type: "tool",
          body: { tool: { ...tool, ...patch }, startedAt, ...(endedAt ? { endedAt } : {}) },
        },
      })
    const { output: _, exitCode: _code, ...begun } = tool
    store.change(id, {
      type: "part.updated",
      messageId,
      part: { id: partId, type: "tool", body: { tool: { ...begun, status: "running" }, startedAt } },
    })
    await wait(ms, signal)
    set({ status: tool.status }, now())
  }

  /** Waits until a person has answered. */
  async function ask(
    id: string,
    kind: AgentRequest["kind"],
    body: AgentRequest["body"],
    signal: AbortSignal,
  ): Promise<unknown> {
    const request: AgentRequest = { id: newId("req"), kind, state: "open", createdAt: now(), body, answer: null }
    store.change(id, { type: "request.updated", request })
    store.update(id, { activity: "waiting" })
    return await new Promise((resolve, reject) => {
      const leave = store.listen((told) => {
        if (told.kind !== "event" || told.event.change.type !== "request.updated") return
        const { request: now } = told.event.change
        if (now.id !== request.id || now.state === "open") return
        leave()
        store.update(id, { activity: "busy" })
        resolve(now.answer)
      })
      signal.addEventListener("abort", () => reject(signal.reason))
    })
  }

  /** `ask`: permission; `question`; `long N`: N words; `fail`; anything else: reasoning, to-do list, tools, an answer. */
  async function turn(id: string, prompt: string, signal: AbortSignal): Promise<void> {
    const message = open(id)
    const words = /\blong (\d+)/.exec(prompt)?.[1]
    if (words) {
      await say(
        id,
        message.id,
        "text",
        Array.from({ length: Number(words) }, (_, n) => `word${n}${n % 40 === 39 ? ".\n\n" : ""}`).join(" "),
        signal,
        1,
      )
    } else if (/\bfail\b/.test(prompt)) {
      await wait(400, signal)
      return finish(id, {
        error: {
          code: "provider_refused",
          message:
            "The model provider answered 401: invalid api key. Ask an administrator to check the provider’s key.",
        },
      })
    } else {
      await work(id, message.id, prompt, signal)
    }
    finish(id, {
      finish: "stop",
      cost: 0.0134,
      tokens: { input: 8120, output: 412, reasoning: 96, cacheRead: 5200, cacheWrite: 0 },
    })
    store.update(id, { lastMessage: { role: "assistant", text: "The tests pass now.", at: now() } })
  }

  async function work(id: string, messageId: string, prompt: string, signal: AbortSignal): Promise<void> {
    const { SCRIPT } = await import("./script.ts")
    await say(id, messageId, "reasoning", SCRIPT.thought, signal, 8)
    await call(id, messageId, SCRIPT.todo, 100, signal)
    await call(id, messageId, SCRIPT.read, 300, signal)
    if (/\bask\b/.test(prompt)) await ask(id, "permission", SCRIPT.permission, signal)
    if (/\bquestion\b/.test(prompt)) await ask(id, "question", SCRIPT.question, signal)
    await call(id, messageId, SCRIPT.edit, 300, signal)
    await call(id, messageId, SCRIPT.tests, 1500, signal)
    await call(
      id,
      messageId,
      { ...SCRIPT.todo, input: { todos: SCRIPT.todo.input.todos.map((todo) => ({ ...todo, status: "completed" })) } },
      100,
      signal,
    )
    await say(id, messageId, "text", SCRIPT.answer, signal)
  }

  return {
    start: (id: string) => void start(id),
    next: (id: string) => void next(id),
    abort: (id: string) => running.get(id)?.abort(new Error("aborted")),
    stop(id: string): void {
      running.get(id)?.abort(new Error("stopped"))
      store.update(id, { desired: "stopped", status: "stopping" })
      setTimeout(() => store.update(id, { status: "stopped", activity: "idle" }), 500 * speed)
    },
  }
}
