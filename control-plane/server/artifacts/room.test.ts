import { pino } from "pino"
import { expect, test } from "vitest"
import type { Database } from "../database/types.ts"
import { createMetrics } from "../observability/index.ts"
import { createRoom } from "./room.ts"

test.each([
  ["stands still", () => new Promise(() => {})],
  ["is down", () => Promise.reject(new Error("connect ECONNREFUSED"))],
])("a database that %s does not keep the figures from being read", async (_, raw) => {
  const metrics = createMetrics({ runtimeFigures: false })
  const database = { raw } as unknown as Database
  createRoom({ database, clock: { sleep: async () => {} }, log: pino({ level: "silent" }), metrics })
  expect(await metrics.metrics()).toContain("berth_artifacts_waiting_bytes Nan")
})
