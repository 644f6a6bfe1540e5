import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { Layer } from "./layers.ts"
import type { Groups } from "./process.ts"
import { runLayer } from "./run-layer.ts"

beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => {}))
afterEach(() => vi.restoreAllMocks())

/** Groups in which everything passes but `failing`, and what was run in them. */
function groupsWithout(failing: string): { groups: Groups; run: string[] } {
  const run: string[] = []
  const groups: Groups = {
    run: async (command) => {
      run.push(command)
      return command === failing ? 1 : 0
    },
    endAll: async () => {},
  }
  return { groups, run }
}

const check = (command: string) => ({ name: command, command, args: [] })
const layer: Layer = {
  name: "no-such-project",
  packages: [],
  tools: [],
  checks: [check("lint")],
  before: check("bring-up"),
  after: check("take-down"),
  timeout_ms: 60_000,
}

test("tests whose ground is not there are not run; what was made is removed all the same", async () => {
  const { groups, run } = groupsWithout("bring-up")
  expect(await runLayer(layer, groups)).toEqual({ passed: 2, failed: 1 })
  expect(run).toEqual(["lint", "bring-up", "take-down"])
})

test("a check that fails does not keep the tests from running", async () => {
  const { groups, run } = groupsWithout("lint")
  await runLayer(layer, groups)
  expect(run).toEqual(["lint", "bring-up", process.execPath, "take-down"])
})
