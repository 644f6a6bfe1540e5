import { expect, test } from "vitest"
import type { AuditEvent } from "../audit/types.ts"
import { AppError } from "../errors/index.ts"
import { createLogger } from "../observability/index.ts"
import { systemClock } from "../time/index.ts"
import { createRefusals } from "./refusals.ts"

test("one entry of a network in a minute, whichever of its IPv6 addresses guesses", async () => {
  const recorded: (string | undefined)[] = []
  const record = async ({ address }: AuditEvent) => void recorded.push(address ?? undefined)
  const log = createLogger({ level: "silent", replica: "test" })
  const refusals = createRefusals({ audit: { record }, log, clock: { ...systemClock, now: () => 1_000 } })
  for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1"]) {
    const visitor = { address, requestId: "req_1", userAgent: "" }
    await refusals.note("token", new AppError("unauthenticated", "no"), visitor)
  }
  expect(recorded).toEqual(["2001:db8::1", "2001:db8:0:1::1", "192.0.2.1"])
})
