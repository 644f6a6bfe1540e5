import { expect, test } from "vitest"
import type { Part } from "../../transcripts/types.ts"
import { LIMITS } from "./limits.ts"
import type { Header } from "./messages.ts"
import { Outbox } from "./outbox.ts"

const header = (completedAt: number | null): Header => ({
  id: "msg_a",
  role: "assistant",
  agentSessionId: null,
  authorId: null,
  delivery: null,
  createdAt: 1,
  completedAt,
  body: {},
})
const textPart = (text: string): Part => ({ id: "prt_t", type: "text", body: { text, startedAt: 1 } })
const aTool = { name: "bash", callId: "c", status: "running" } as const
const tool = (output: string, status: "running" | "completed" = "running"): Part => ({
  id: "prt_o",
  type: "tool",
  body: { tool: { ...aTool, status, output } },
})
const options = (first: boolean, interval_ms = 0) => ({ first, userMessage: false, interval_ms })
const takeAll = (outbox: Outbox, now = 0) => outbox.take(now, 100, 1e6).map(({ change }) => change)

test("a message's beginning goes before its parts and its end after them", () => {
  const outbox = new Outbox()
  outbox.message(header(null), true)
  outbox.part("msg_a", textPart("a"), options(true))
  outbox.message(header(null), false)
  outbox.message(header(5), false)
  expect(takeAll(outbox).map((change) => change.type)).toEqual(["message.updated", "part.updated", "message.updated"])
})

test("of a running tool only the newest output goes out, ten times a second at most, and its end at once", () => {
  const outbox = new Outbox()
  const sent: (string | undefined)[] = []
  for (let now = 1000; now < 2000; now += 10) {
    outbox.part("msg_a", tool(String(now)), options(now === 1000, 100))
    for (const change of takeAll(outbox, now))
      if (change.type === "part.updated") sent.push(change.part.body.tool?.output)
  }
  outbox.part("msg_a", tool("all", "completed"), options(false))
  expect(sent).toEqual(["1000", "1100", "1200", "1300", "1400", "1500", "1600", "1700", "1800", "1900"])
  expect(takeAll(outbox, 2000)).toMatchObject([{ part: { body: { tool: { output: "all" } } } }])
})

test("deltas that wait are one delta, and are part of a text that waits itself", () => {
  const outbox = new Outbox()
  outbox.part("msg_a", textPart(""), options(true))
  outbox.delta("msg_a", "prt_t", 0, "a")
  expect(takeAll(outbox)).toMatchObject([{ type: "part.updated", part: { body: { text: "a" } } }])
  outbox.delta("msg_a", "prt_t", 1, "b")
  outbox.delta("msg_a", "prt_t", 2, "c")
  expect(takeAll(outbox)).toEqual([{ type: "part.delta", messageId: "msg_a", partId: "prt_t", offset: 1, delta: "bc" }])
})

test("its size is what is open, not how long nobody takes", () => {
  const outbox = new Outbox()
  for (let index = 0; index < 10_000; index++) {
    outbox.part("msg_a", tool("x".repeat(1000)), options(index === 0, 100))
    outbox.message(header(null), index === 0)
  }
  expect(outbox.chars).toBeLessThan(3000)
})

test("everything that can be long counts", () => {
  const outbox = new Outbox()
  const long = "x".repeat(10_000)
  outbox.part("msg_a", { id: "prt_o", type: "tool", body: { tool: { ...aTool, input: { long } } } }, options(true))
  expect(outbox.chars).toBeGreaterThan(10_000)
  const body = { permission: "edit", diff: long }
  const request = { id: "per_1", kind: "permission", state: "open", createdAt: 1, body, answer: null } as const
  outbox.push({ type: "request.updated", request }, "request per_1")
  expect(outbox.chars).toBeGreaterThan(20_000)
  takeAll(outbox)
  expect(outbox.chars).toBe(0)
})

test("when running tools went out is kept of the newest only", () => {
  const outbox = new Outbox()
  const running = (id: number): Part => ({ ...tool("x"), id: `prt_${id}` })
  for (let id = 0; id <= LIMITS.running_tools_max; id++) outbox.part("msg_a", running(id), options(true, 100))
  outbox.take(1000, 10_000, 1e9)
  for (const id of [0, 1]) outbox.part("msg_a", running(id), options(false, 100))
  expect(takeAll(outbox, 1001)).toMatchObject([{ part: { id: "prt_0" } }])
})

test("a text that grows by single characters counts for what it takes", () => {
  const outbox = new Outbox()
  for (let offset = 0; offset < 1000; offset++) outbox.delta("msg_a", "prt_t", offset, "x")
  expect(outbox.chars).toBeGreaterThan(32_000)
})
