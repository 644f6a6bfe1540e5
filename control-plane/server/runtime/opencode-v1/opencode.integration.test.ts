import type { AddressInfo } from "node:net"
import { createServer, connect as dial, type Server, type Socket } from "node:net"
import { pino } from "pino"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { until } from "../../../../scripts/lib/wait.ts"
import { type Agent, startAgent } from "../../../../test/support/opencode.ts"
import { systemClock } from "../../time/index.ts"
import { foldText } from "../../transcripts/fold.ts"
import type { AgentRequest, Change, Message, Part } from "../../transcripts/types.ts"
import { type AgentConnection, type AgentTarget, createRuntime } from "../index.ts"
import type { Activity } from "../types.ts"
import { TIMES } from "./limits.ts"

const runtime = createRuntime({ clock: systemClock, log: pino({ level: "silent" }) })
const asking = { "*": "allow", bash: { "*": "allow", "echo ask*": "ask" } }
let agent: Agent

beforeAll(async () => {
  agent = await startAgent({ permission: asking })
})
afterAll(() => agent.stop())

/** What the engine does with a connection, in memory. */
class Follower {
  readonly messages = new Map<string, Omit<Message, "parts"> & { parts: Map<string, Part> }>()
  readonly requests = new Map<string, AgentRequest>()
  readonly activities: Activity[] = []
  readonly links: string[] = []
  readonly changes: Change[] = []
  readonly own = new Set<string>()
  readonly connection: AgentConnection
  sessionId: string | null
  isReady = false
  refuseChanges = false

  constructor(target: AgentTarget, sessionId: string | null = null) {
    this.sessionId = sessionId
    this.connection = runtime.connect({
      target,
      title: "A session",
      agentSessionId: sessionId,
      signal: new AbortController().signal,
      sink: {
        agentSession: async (id) => void (this.sessionId = id),
        changes: async (changes) => this.#take(changes),
        activity: async (activity) => void this.activities.push(activity),
        ownPrompts: async () => [...this.own],
        storedTexts: async () => new Map(),
        ready: async () => void (this.isReady = true),
        link: (state) => void this.links.push(state),
      },
    })
  }

  get activity(): Activity | undefined {
    return this.activities.at(-1)
  }

  get notices(): string[] {
    return this.changes.flatMap((change) => (change.type === "notice" ? [change.code] : []))
  }

  /** Everything that was said in texts, in order. */
  get said(): string[] {
    return this.parts.flatMap(({ type, body }) => (type === "text" ? [body.text ?? ""] : []))
  }

  get tools(): NonNullable<Part["body"]["tool"]>[] {
    return this.parts.flatMap(({ body }) => body.tool ?? [])
  }

  get parts(): Part[] {
    return [...this.messages.values()].flatMap(({ parts }) => [...parts.values()])
  }

  get openRequest(): AgentRequest | undefined {
    return [...this.requests.values()].find(({ state }) => state === "open")
  }

  async prompt(text: string, id = runtime.newMessageId()): Promise<string> {
    this.own.add(id)
    const part = { id: `prt_${id.slice(4)}`, type: "text", text } as const
    await this.connection.prompt({ agentMessageId: id, parts: [part] })
    return id
  }

  /** Prompts and waits for the end of the turn. */
  async turn(text: string): Promise<void> {
    const before = this.activities.length
    await this.prompt(text)
    await this.until("the turn's end", () => this.activities.length > before && this.activity === "idle")
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, async () => condition(), { timeout_ms: 120_000, every_ms: 20 })
  }

  async ready(): Promise<this> {
    await this.until("the connection being ready", () => this.isReady)
    return this
  }

  async close(): Promise<void> {
    this.connection.close()
    await this.connection.closed
  }

  #take(changes: readonly Change[]): void {
    if (this.refuseChanges) throw new Error("another replica drives this session now")
    for (const change of changes) {
      this.changes.push(change)
      if (change.type === "message.updated") {
        const parts = this.messages.get(change.message.id)?.parts ?? new Map()
        this.messages.set(change.message.id, { ...change.message, parts })
      } else if (change.type === "part.updated") this.#parts(change.messageId).set(change.part.id, change.part)
      else if (change.type === "part.delta") this.#grow(change)
      else if (change.type === "request.updated") this.requests.set(change.request.id, change.request)
    }
  }

  #parts(messageId: string): Map<string, Part> {
    const message = this.messages.get(messageId)
    if (message === undefined) throw new Error("a part before its message")
    return message.parts
  }

  #grow(change: Extract<Change, { type: "part.delta" }>): void {
    const part = this.#parts(change.messageId).get(change.partId)
    if (part?.body.text?.length !== change.offset) throw new Error("a delta with a gap")
    const text = foldText(part.body.text, [change])
    this.#parts(change.messageId).set(part.id, { ...part, body: { ...part.body, text } })
  }
}

const followers: Follower[] = []
async function follow(target: AgentTarget = agent.target, sessionId?: string | null): Promise<Follower> {
  const follower = new Follower(target, sessionId === undefined ? await newConversation(target) : sessionId)
  followers.push(follower)
  return await follower.ready()
}
beforeEach(() => async () => {
  await Promise.all(followers.splice(0).map((follower) => follower.close()))
})

/** Each test has a conversation of its own in the one agent. */
async function newConversation(target: AgentTarget): Promise<string> {
  const authorization = `Basic ${Buffer.from(`opencode:${target.password.reveal()}`).toString("base64")}`
  const response = await fetch(`${target.baseUrl}/session?directory=${encodeURIComponent(target.directory)}`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ title: "test" }),
  })
  return ((await response.json()) as { id: string }).id
}

/** A TCP relay to the agent whose connections can be cut. */
async function relay(port: number): Promise<{ url: string; cut(): void; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = dial(port, "127.0.0.1")
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => {}).on("close", () => sockets.delete(socket))
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, server, cut: () => sockets.forEach((socket) => socket.destroy()) }
}

test("a turn with tools streams as messages, and the user's own message is not repeated", async () => {
  const session = await follow()
  await session.turn("write: note.txt :: hello\nbash: cat note.txt\nthink: hmm ok\nsay: All done now.")
  expect([...session.messages.values()].map(({ role }) => role)).toEqual(["assistant", "assistant", "assistant"])
  expect(session.tools).toMatchObject([
    { name: "write", status: "completed" },
    { name: "bash", status: "completed", output: expect.stringContaining("hello"), exitCode: 0 },
  ])
  expect(session.said.at(-1)).toBe("All done now.")
  expect(session.parts.filter(({ type }) => type === "reasoning")).toMatchObject([{ body: { text: "hmm ok" } }])
  expect([...session.messages.values()].at(-1)).toMatchObject({
    completedAt: expect.any(Number),
    body: { finish: "stop" },
  })
  expect(session.activities).toEqual(["idle", "busy", "idle"])
})

test("a long answer arrives in pieces while it is written", async () => {
  const session = await follow()
  await session.turn("slow: 60 100")
  const deltas = session.changes.filter(({ type }) => type === "part.delta")
  expect(deltas.length).toBeGreaterThan(5)
  expect(session.said.at(-1)).toMatch(/^word0 .* word59$/)
})

test("a permission waits for its answer, and what is answered is no longer open", async () => {
  const session = await follow()
  await session.prompt("bash: echo ask me\nsay: Done.")
  await session.until("the question for permission", () => session.activity === "waiting")
  const request = session.openRequest
  expect(request).toMatchObject({
    kind: "permission",
    body: { permission: "bash", patterns: ["echo ask me"], command: "echo ask me", always: ["echo *"] },
  })
  await runtime.answerPermission(agent.target, request?.id ?? "", { reply: "once" })
  await session.until("the turn's end", () => session.activity === "idle")
  expect(session.requests.get(request?.id ?? "")).toMatchObject({ state: "answered", answer: { reply: "once" } })
  expect(session.tools).toMatchObject([{ status: "completed", output: "ask me\n" }])
  const again = runtime.answerPermission(agent.target, request?.id ?? "", { reply: "once" })
  await expect(again).rejects.toMatchObject({ code: "not_found" })
})

test("a question is answered with labels", async () => {
  const session = await follow()
  await session.prompt("ask: Which colour? :: red | blue\nsay: Thanks.")
  await session.until("the question", () => session.openRequest !== undefined)
  expect(session.openRequest?.body.questions).toMatchObject([{ question: "Which colour?", multiple: false }])
  await runtime.answerQuestion(agent.target, session.openRequest?.id ?? "", { answers: [["blue"]] })
  await session.until("the turn's end", () => session.activity === "idle")
  expect(session.tools[0]?.output).toContain("blue")
})

test("a stopped turn ends at once, withdraws its request and keeps no permission open after a reconnect", async () => {
  const session = await follow()
  await session.prompt("bash: echo ask me")
  await session.until("the question for permission", () => session.openRequest !== undefined)
  await runtime.abort(agent.target, session.sessionId ?? "")
  await session.until("the end", () => session.activity === "idle" && session.openRequest === undefined)
  await session.until(
    "the message's error",
    () => [...session.messages.values()].at(-1)?.body.error?.code === "aborted",
  )
  const again = await follow(agent.target, session.sessionId)
  expect([...again.requests.values()]).toEqual([])
  expect(again.activity).toBe("idle")
  await runtime.abort(agent.target, session.sessionId ?? "")
})

test("a prompt that is sent three times with the same ids is answered once", async () => {
  const session = await follow()
  const id = runtime.newMessageId()
  expect(await session.connection.askTurn(id)).toEqual({ state: "none" })
  for (let index = 0; index < 3; index++) await session.prompt("say: once", id)
  await session.until("the answer", () => session.activity === "idle" && session.said.length > 0)
  expect(await session.connection.askTurn(id)).toEqual({ state: "over" })
  expect(session.connection.turnOf(id)).toEqual({ state: "over" })
  const read = await follow(agent.target, session.sessionId)
  expect(read.said).toEqual(["say: once", "once"])
})

test("a sub-agent's work is followed and carries its conversation", async () => {
  const session = await follow()
  await session.turn("task: say: child says hi\nsay: Parent done.")
  const child = session.tools.find(({ name }) => name === "task")?.childSessionId
  const ofChild = [...session.messages.values()].filter(({ agentSessionId }) => agentSessionId === child)
  expect(ofChild.map(({ role }) => role)).toEqual(["user", "assistant"])
  const read = await follow(agent.target, session.sessionId)
  const readOfChild = [...read.messages.values()].filter(({ agentSessionId }) => agentSessionId === child)
  expect(readOfChild.map(({ role }) => role)).toEqual(["user", "assistant"])
})

test("a huge output is passed on shortened, seldom enough, and ends complete", async () => {
  const session = await follow()
  const start = performance.now()
  await session.turn("bash: for i in $(seq 1 300); do seq 1 100; sleep 0.005; done\nsay: ok")
  const elapsed_ms = performance.now() - start
  const updates = session.changes.flatMap((change) =>
    change.type === "part.updated" && change.part.body.tool?.status === "running" ? [change] : [],
  )
  const ofLarge = updates.filter(({ part }) => (part.body.tool?.output?.length ?? 0) > TIMES.large_part_chars)
  expect(ofLarge.length).toBeLessThan(5 + elapsed_ms / (0.8 * TIMES.large_part_interval_ms))
  expect(JSON.stringify(updates).length).toBeLessThan((updates.length + 1) * 80_000)
  expect(session.tools[0]?.output?.trimEnd().endsWith("100")).toBe(true)
})

test("what happened while nobody listened is read at the next connection", async () => {
  const first = await follow()
  await first.turn("say: one")
  await first.prompt("bash: sleep 0.5\nsay: two")
  await first.close()
  const second = await follow(agent.target, first.sessionId)
  expect(second.sessionId).toBe(first.sessionId)
  await second.until("the second answer", () => second.said.includes("two") && second.activity === "idle")
  expect(second.said).toEqual(["say: one", "one", "bash: sleep 0.5\nsay: two", "Calling bash. ", "two"])
})

test("a stream that is cut in mid-turn is taken up again without losing or repeating anything", async () => {
  const proxy = await relay(agent.port)
  const session = await follow({ ...agent.target, baseUrl: proxy.url })
  await session.prompt("bash: sleep 0.3\nslow: 80 20")
  await session.until("the answer growing", () => session.said.some((text) => text.includes("word10")))
  // A machine that stood still may have cost a connection before.
  session.links.length = 0
  proxy.cut()
  await session.until("the stream's return", () => session.links.includes("back"))
  await session.until("the turn's end", () => session.activity === "idle")
  expect(session.said.at(-1)).toMatch(/^word0 .* word79$/)
  expect(session.links).toEqual(["lost", "back"])
  proxy.cut()
  proxy.server.close()
})

test("a conversation that was made before a crash is found again, and one that is gone is replaced and told", async () => {
  const first = await follow(agent.target, null)
  const second = await follow(agent.target, null)
  expect(second.sessionId).toBe(first.sessionId)
  const third = await follow(agent.target, "ses_doesnotexist00000000000000")
  expect(third.sessionId).toBe(first.sessionId)
  await third.until("the notice", () => third.notices.includes("agent_forgot"))
})

test("a connection whose receiver refuses ends and delivers nothing more", async () => {
  const session = await follow()
  session.refuseChanges = true
  await session.prompt("say: unheard")
  await session.connection.closed
  expect(session.said).toEqual([])
  await expect(session.connection.askTurn(runtime.newMessageId())).rejects.toMatchObject({ code: "agent_failed" })
})

test("a wrong password, an agent that is not there and an id of another kind are told apart", async () => {
  const { Secret } = await import("../../crypto/index.ts")
  const stranger = { ...agent.target, password: new Secret("wrong") }
  expect(await runtime.probe(agent.target, 60_000)).toBe(true)
  expect(await runtime.probe(stranger, 60_000)).toBe(false)
  expect(await runtime.probe({ ...agent.target, baseUrl: "http://127.0.0.1:1" }, 1000)).toBe(false)
  await expect(runtime.abort(stranger, "ses_1")).rejects.toMatchObject({ code: "agent_failed" })
  const escape = runtime.answerPermission(agent.target, "../config", { reply: "once" })
  await expect(escape).rejects.toMatchObject({ code: "not_found" })
})

test("an agent that is killed in mid-turn leaves interrupted messages, and the next prompt works", async () => {
  const session = await follow()
  await session.prompt("bash: echo started; sleep 30\nsay: never")
  await session.until("the tool running", () =>
    session.tools.some(({ output }) => output?.includes("started") === true),
  )
  await agent.kill()
  await session.until("the loss", () => session.links.includes("lost"))
  await agent.start()
  await session.until("the return", () => session.links.includes("back"))
  expect(session.tools).toMatchObject([{ status: "interrupted" }])
  expect([...session.messages.values()].at(-1)?.body.interrupted).toBe(true)
  expect(session.activity).toBe("idle")
  await session.turn("say: back again")
  expect(session.said.at(-1)).toBe("back again")
})

test("the words of an attempt that the provider broke off are taken back when the agent asks again", async () => {
  const follower = await follow()
  await follower.prompt("slow: 40 100\ndrop:")
  const removed = () => follower.changes.flatMap((change) => (change.type === "part.removed" ? [change.partId] : []))
  await follower.until("the second attempt being taken back", () => removed().length >= 2)
  await runtime.abort(agent.target, follower.sessionId ?? "")
  const texts = new Map(follower.parts.map(({ id, body }) => [id, body.text]))
  expect(removed().map((id) => texts.get(id)?.startsWith("word0 "))).toEqual([true, true])
})

test("a provider that refuses the key, and a model that does not exist, end the turn with words for a person", async () => {
  const refused = await startAgent({ key: "wrong" })
  const unknown = await startAgent({ model: "nope" })
  try {
    const one = await follow(refused.target)
    await one.turn("say: hi")
    await one.until("the error", () => [...one.messages.values()].at(-1)?.body.error?.code === "provider_refused")
    expect(one.notices).toEqual([])
    const two = await follow(unknown.target)
    await two.prompt("say: hi")
    await two.until("the notice", () => two.notices.includes("unknown_model"))
    expect(two.activity).toBe("idle")
  } finally {
    await Promise.all([refused.stop(), unknown.stop()])
  }
})
