import { expect, test } from "vitest"
import { ensureTools } from "../../dev/tools/index.ts"
import { createRun } from "../../scripts/lib/run.ts"
import { chartDirectory } from "./support/chart.ts"

test("the helm-unittest suites pass, strictly read", async () => {
  const { "helm-unittest": unittest } = await ensureTools(["helm-unittest"])
  const report = await createRun(() => {})(unittest, ["--strict", chartDirectory])
  const tests = Number(/^Tests:\s+(\d+) passed, \d+ total$/m.exec(report)?.[1])
  expect(tests).toBeGreaterThan(50)
})
