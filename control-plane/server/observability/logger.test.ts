import { Writable } from "node:stream"
import { expect, test } from "vitest"
import { Secret } from "../crypto/index.ts"
import { AppError } from "../errors/index.ts"
import { createLogger } from "./logger.ts"

function collect() {
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  return { lines, log: createLogger({ level: "debug", replica: "r1", destination }) }
}

test("a line says when, how grave and which replica", () => {
  const { lines, log } = collect()
  log.info({ sessions: 3 }, "ready")
  expect(lines).toEqual([
    { level: "info", time: expect.stringMatching(/Z$/), replica: "r1", sessions: 3, msg: "ready" },
  ])
})

test("secrets do not reach the log, by type and by name", () => {
  const { lines, log } = collect()
  log.info(
    {
      key: new Secret("canary"),
      password: "canary",
      body: { password: "canary", token: "canary" },
      request: { headers: { authorization: "canary", cookie: "canary", "set-cookie": ["canary"], host: "visible" } },
    },
    "x",
  )
  const text = JSON.stringify(lines)
  expect(text).not.toContain("canary")
  expect(text).toContain("visible")
})

test("an error is told with code, detail and causes, and without what else hangs on it", () => {
  const { lines, log } = collect()
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED", config: { headers: { secret: "canary" } } })
  const error = new AppError("unavailable", "Try again.", { cause, detail: "for the operator" })
  log.error({ err: error }, "failed")
  expect(lines[0]?.err).toMatchObject({
    type: "AppError",
    code: "unavailable",
    detail: "for the operator",
    cause: { message: "refused", code: "ECONNREFUSED" },
  })
  expect(JSON.stringify(lines)).not.toContain("canary")
})

test("what is thrown and no error is told too, and nothing is endless", () => {
  const { lines, log } = collect()
  log.error({ err: "just words" }, "x")
  log.error({ err: new Error("x".repeat(10_000)) }, "x")
  const loop = new Error("a")
  loop.cause = loop
  log.error({ err: loop }, "x")
  expect(lines[0]?.err).toEqual({ type: "string", message: "just words" })
  expect(JSON.stringify(lines[1]).length).toBeLessThan(4_000)
  expect(JSON.stringify(lines[2]).match(/"cause"/g)).toHaveLength(3)
})
