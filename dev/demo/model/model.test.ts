import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readDirectives, toolCalls } from "./directives.ts"
import { createModelServer } from "./server.ts"
import { planTurn } from "./turn.ts"

const tools = [{ type: "function", function: { name: "bash" } }]
const user = (content: unknown) => ({ role: "user", content })
const called = { role: "assistant", tool_calls: [{}] }
const result = { role: "tool", content: "ok" }

describe("reading directives", () => {
  it("takes one a line, in order, and ignores other lines", () => {
    expect(readDirectives("Please:\nbash: ls -la\n  say: done \nnonsense: x")).toEqual([
      { name: "bash", argument: "ls -la" },
      { name: "say", argument: "done" },
    ])
  })

  it.each([
    ["write: a.txt :: one\\ntwo", "write", { filePath: "a.txt", content: "one\ntwo" }],
    ["edit: a.txt :: x => y", "edit", { filePath: "a.txt", oldString: "x", newString: "y" }],
    ['tool: grep {"pattern":"x"}', "grep", { pattern: "x" }],
    ["read: a.txt", "read", { filePath: "a.txt" }],
  ])("turns %s into a call of %s", (text, tool, expected) => {
    const [directive] = readDirectives(text)
    expect(directive && toolCalls(directive)).toEqual([{ tool, arguments: expected }])
  })
})

describe("planning a turn", () => {
  it("answers a message without directives with what it is and how to use it", () => {
    expect(planTurn({ tools, messages: [user("hello")] }).text).toMatch(/demo model.*not an AI/)
  })

  it("goes on with the step after the ones whose results it sees", () => {
    const script = user([{ type: "text", text: "bash: one\nbash: two\nsay: both" }])
    const command = (messages: object[]) =>
      planTurn({ tools, messages: messages as [] }).calls.map((call) => call.arguments)
    expect(command([script])).toMatchObject([{ command: "one" }])
    expect(command([script, called, result])).toMatchObject([{ command: "two" }])
    expect(planTurn({ tools, messages: [script, called, result, called, result] })).toMatchObject({
      text: "both",
      calls: [],
    })
  })

  it("starts anew with each user message", () => {
    const messages = [user("bash: one"), called, result, user("bash: two")]
    expect(planTurn({ tools, messages }).calls[0]?.arguments).toMatchObject({ command: "two" })
  })

  it("explains a line that it cannot read instead of failing", () => {
    expect(planTurn({ tools, messages: [user("write: nothing")] }).text).toMatch(/write: PATH :: TEXT/)
  })

  it("makes a title of the first line when no tools are offered", () => {
    expect(planTurn({ messages: [user("bash: ls\nsay: x")] }).text).toBe("bash: ls")
  })
})

describe("the server", () => {
  const server = createModelServer({ key: "k", log: () => {} })
  let url = ""
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  })
  afterAll(() => server.close())
  const chat = (content: string, authorization = "Bearer k", stream = true) =>
    fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ model: "demo", stream, tools, messages: [user(content)] }),
    })

  it("refuses requests without its key", async () => {
    expect((await chat("say: hi", "Bearer other")).status).toBe(401)
    expect((await fetch(`${url}/models`)).status).toBe(401)
  })

  it("streams words and ends with usage and [DONE]", async () => {
    const text = await (await chat("say: one two")).text()
    const chunks = [...text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? ""))
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("one two")
    expect(chunks.at(-1).usage.total_tokens).toBeGreaterThan(0)
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true)
  })

  it("fails with the status it is told", async () => {
    const response = await chat("status: 429 slow down")
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "2"])
  })

  it("cuts the connection in the middle when told to drop", async () => {
    await expect(chat("drop:\nsay: one two three four").then((response) => response.text())).rejects.toThrow()
  })

  it("answers without a stream as well", async () => {
    const body: unknown = await (await chat("bash: ls", "Bearer k", false)).json()
    expect(body).toMatchObject({
      choices: [{ finish_reason: "tool_calls", message: { tool_calls: [{ type: "function" }] } }],
    })
  })
})
