import { describe, expect, test } from "vitest"
import type { Message, Part } from "../api/types.ts"
import { linesOf } from "./lines.ts"
import { createRowMaker } from "./rows.ts"

const message = (id: string, patch: Partial<Message>): Message => ({
  id,
  role: "assistant",
  agentSessionId: null,
  authorId: null,
  delivery: null,
  createdAt: 1_000,
  completedAt: 3_500,
  body: {},
  parts: [],
  ...patch,
})
const text = (id: string, words: string): Part => ({ id, type: "text", body: { text: words } })
const prompt = (id: string, delivery: Message["delivery"] = "sent") =>
  message(id, { role: "user", delivery, completedAt: null, parts: [text("p", "Do it")] })
const tokens = { input: 10, output: 5, reasoning: 1, cacheRead: 4, cacheWrite: 2 }
const kinds = (rows: readonly { kind: string; key: string }[]) => rows.map((row) => `${row.kind} ${row.key}`)

describe("rows of a transcript", () => {
  test("steps of the agent become one turn with its sum", () => {
    const steps = [
      message("a1", { parts: [text("p1", "First.")], body: { tokens, cost: 0.1 } }),
      message("a2", {
        parts: [text("p1", "Second.")],
        body: { tokens, cost: 0.2, model: { provider: "demo", id: "demo-1" } },
        completedAt: 6_000,
      }),
    ]
    const rows = createRowMaker()([prompt("u1"), ...steps], false)
    expect(kinds(rows)).toEqual(["user u1", "part a1:p1", "part a2:p1", "turn turn:a2"])
    const last = rows.at(-1)
    expect(last?.kind === "turn" && last.turn).toEqual({
      text: "First.\n\nSecond.",
      model: "demo-1",
      took_ms: 5_000,
      usage: { input: 24, output: 12, cached: 8, cost: expect.closeTo(0.3) },
    })
  })

  test("a turn that goes on is not summed up", () => {
    const rows = createRowMaker()([prompt("u1"), message("a1", { completedAt: null, parts: [text("p1", "Hm")] })], true)
    expect(kinds(rows)).toEqual(["user u1", "part a1:p1"])
  })

  test("prompts that wait stand at the end, whatever their place in the history", () => {
    const messages = [prompt("u1"), prompt("u2", "queued"), message("a1", { parts: [text("p1", "Hm")] })]
    expect(kinds(createRowMaker()(messages, true))).toEqual(["user u1", "part a1:p1", "user u2"])
  })

  test("what has nothing to show has no row", () => {
    const parts: Part[] = [
      text("empty", " "),
      { id: "s", type: "step", body: {} },
      { id: "f", type: "patch", body: { files: [] } },
    ]
    expect(createRowMaker()([message("a1", { parts })], true)).toEqual([])
  })

  test("an interrupted message says so", () => {
    expect(kinds(createRowMaker()([message("a1", { body: { interrupted: true } })], true))).toEqual(["trouble a1:!"])
  })

  test("a sub-agent's messages are not among those of the session", () => {
    expect(createRowMaker()([message("a1", { agentSessionId: "child", parts: [text("p", "x")] })], true)).toEqual([])
  })

  test("messages that did not change keep their rows, so that nothing is drawn again", () => {
    const make = createRowMaker()
    const [first, second] = [prompt("u1"), message("a1", { parts: [text("p1", "Hm")] })]
    const before = make([first, second], false)
    const after = make([first, { ...second, parts: [text("p1", "Hmm")] }], false)
    expect(after[0]).toBe(before[0])
    expect(after[1]).not.toBe(before[1])
  })
})

describe("lines around the rows", () => {
  const around = { outgoing: [], session: null, busy: false }

  test("an agent at work without words is shown before the prompts that wait", () => {
    const rows = createRowMaker()([prompt("u1"), prompt("u2", "queued")], true)
    expect(kinds(linesOf(rows, { ...around, busy: true }))).toEqual(["user u1", "working working", "user u2"])
  })

  test("a prompt that the history has is not shown as outgoing too", () => {
    const item = { id: "u1", text: "Do it", state: "stored", error: null, at: 1 } as const
    const rows = createRowMaker()([prompt("u1")], false)
    expect(kinds(linesOf(rows, { ...around, outgoing: [item, { ...item, id: "u2" }] }))).toEqual([
      "user u1",
      "outgoing u2",
    ])
  })
})
