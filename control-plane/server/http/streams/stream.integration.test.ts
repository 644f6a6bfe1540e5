import { describe, expect, test, vi } from "vitest"
import { startServer } from "../../../../test/support/http/server.ts"
import { session } from "../../../../test/support/http/session-view.ts"
import { testDatabase } from "../../../../test/support/postgres.ts"
import { AppError } from "../../errors/index.ts"
import type { Sessions } from "../../sessions/service-types.ts"

const patience = { timeout: 60_000, interval: 20 }
const { database } = await testDatabase()
/** What a row might carry along. */
const leak = { passwordSealed: "leak" }
const sessions: Partial<Sessions> = {
  async *watch(_principal, id, afterSeq, signal) {
    if (id === "secret") throw new AppError("not_found", "There is no such session.")
    if (afterSeq === 99) yield "reset"
    yield [{ seq: afterSeq + 1, change: { type: "notice", level: "info", code: "c", message: "m", ...leak } }]
    yield [{ seq: afterSeq + 2, change: { type: "session.updated", session: { ...session, ...leak } } }]
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
  async *watchAll(_principal, signal) {
    yield { type: "session", session: { ...session, ...leak } }
    yield null
    yield { type: "gone", id: "ses_2" }
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }))
  },
}
const one = await startServer({ database, sessions })
const cookie = await one.signIn()

async function readUntil(response: Response, pattern: RegExp): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  for (;;) {
    const next = await reader?.read()
    text += next?.value ?? ""
    if (pattern.test(text)) {
      await reader?.cancel()
      return text
    }
    if (next?.done !== false) throw new Error(`the stream ended with: ${text}`)
  }
}

describe("one stream for a whole browser", () => {
  const follow = (query: string) => one.fetch(`/api/stream${query}`, { cookie })

  test("has the list and every transcript that was asked for, each from its number on", async () => {
    const text = await readUntil(
      await follow("?sessions=ses_1:4,ses_9:99"),
      /^(?=[^]*"gone")(?=[^]*"ses_9","seq":101)(?=[^]*"ses_1","seq":6)/,
    )
    expect(text).toMatch(/event: session\n.*"id":"ses_1"/)
    expect(text).toContain(
      'data: {"type":"notice","level":"info","code":"c","message":"m","sessionId":"ses_1","seq":5}\n',
    )
    expect(text).toContain('event: session.reread\ndata: {"type":"session.reread","sessionId":"ses_9"}\n')
    expect(text).toContain("event: reset\ndata: {}\n")
    expect(text).not.toContain("leak")
  })

  test("says of one that may not be followed that it has ended, and goes on with the others", async () => {
    const text = await readUntil(
      await follow("?sessions=secret:0,ses_1:0"),
      /^(?=[^]*session.ended)(?=[^]*"ses_1","seq":2)/,
    )
    expect(text).toContain('data: {"type":"session.ended","sessionId":"secret"}\n')
  })

  test("is as many streams as it follows", async () => {
    const many = Array.from({ length: 32 }, (_, n) => `ses_${n}:0`)
    expect((await follow(`?sessions=${[...many, "ses_x:0"].join(",")}`)).status).toBe(400)
    expect((await follow("?sessions=ses_1:0,ses_1:1")).status).toBe(400)
    const open = await Promise.all([1, 2, 3].map(() => follow(`?sessions=${many.join(",")}`)))
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await follow(`?sessions=${many.join(",")}`)).status).toBe(429)
    await Promise.all(open.map((response) => response.body?.cancel()))
    await vi.waitFor(async () => expect(await one.openStreams()).toBe(0), patience)
  })
})
