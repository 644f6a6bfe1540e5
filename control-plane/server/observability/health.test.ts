import { expect, test } from "vitest"
import { createHealth } from "./health.ts"

test("ready is when every check is ok, and what is wrong has a name and no details", async () => {
  const health = createHealth({
    database: async () => undefined,
    cluster: () => Promise.reject(new Error("canary: connect 10.0.0.1")),
  })
  expect(await health.ready()).toEqual({ ready: false, checks: { database: "ok", cluster: "failed" } })
  expect((await createHealth({ database: async () => undefined }).ready()).ready).toBe(true)
})

test("a check that does not answer is a failed one", async () => {
  const health = createHealth({ database: () => new Promise(() => undefined) }, { timeout_ms: 5 })
  expect(await health.ready()).toEqual({ ready: false, checks: { database: "no answer within 5 ms" } })
})

test("many who ask at once share one look", async () => {
  let looks = 0
  const gate = Promise.withResolvers<void>()
  const health = createHealth({
    database() {
      looks += 1
      return gate.promise
    },
  })
  const answers = Promise.all([health.ready(), health.ready(), health.ready()])
  gate.resolve()
  expect((await answers).map(({ ready }) => ready)).toEqual([true, true, true])
  expect(looks).toBe(1)
})

test("a draining process is not ready, whatever was asked before", async () => {
  const gate = Promise.withResolvers<void>()
  const health = createHealth({ database: () => gate.promise })
  const asked = health.ready()
  health.drain()
  gate.resolve()
  expect((await asked).ready).toBe(false)
  expect((await health.ready()).checks).toEqual({ process: "shutting down" })
})
