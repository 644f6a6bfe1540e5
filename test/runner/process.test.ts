import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { startTicksOf } from "../../scripts/lib/processes.ts"
import { until } from "../../scripts/lib/wait.ts"
import { createGroups } from "./process.ts"

const directory = mkdtempSync(join(tmpdir(), "groups-"))
afterAll(() => rmSync(directory, { recursive: true }))

const groups = createGroups()
const pidFile = (name: string) => join(directory, name)
/** A program whose child would go on alone. */
const family = (name: string) => ["-c", `sleep 300 & echo $! > ${pidFile(name)}; wait`]

async function childOf(name: string): Promise<number> {
  return await until("the child's pid", async () => Number(readFileSync(pidFile(name), "utf8")) || undefined, {
    timeout_ms: 60_000,
    every_ms: 20,
  })
}

async function hasEnded(pid: number): Promise<void> {
  await until("the child having ended", async () => startTicksOf(pid) === undefined, {
    timeout_ms: 60_000,
    every_ms: 5,
  })
}

test("a program's status is answered", async () => {
  expect(await groups.run("true", [], 60_000)).toBe(0)
  expect(await groups.run("sh", ["-c", "exit 7"], 60_000)).toBe(7)
  expect(await groups.run("no-such-program", [], 60_000)).toBe(1)
})

test("one that takes too long has failed, and its children end with it", async () => {
  expect(await groups.run("sh", family("slow"), 10_000)).not.toBe(0)
  await hasEnded(await childOf("slow"))
})

test("what a program has left behind in its group ends with it", async () => {
  expect(await groups.run("sh", ["-c", `sleep 300 & echo $! > ${pidFile("left")}`], 60_000)).toBe(0)
  await hasEnded(await childOf("left"))
})

test("ending all groups ends their children too, and nothing is begun after that", async () => {
  const groups = createGroups()
  const status = groups.run("sh", family("ended"), 60_000)
  const child = await childOf("ended")
  await groups.endAll()
  expect(await status).not.toBe(0)
  await hasEnded(child)
  const late = groups.run("true", [], 60_000).then(() => "run")
  const elsewhere = createGroups()
    .run("sleep", ["1"], 60_000)
    .then(() => "not run")
  expect(await Promise.race([late, elsewhere])).toBe("not run")
})
