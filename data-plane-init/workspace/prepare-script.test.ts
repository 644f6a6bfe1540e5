import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-prepare-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Starts the container's program, with a stand-in for the one that prepares. */
function start(prepares: string) {
  const standIn = join(root, "node")
  writeFileSync(standIn, `#!/bin/sh\n${prepares}\n`)
  chmodSync(standIn, 0o755)
  const child = spawn("sh", [join(import.meta.dirname, "prepare.sh")], {
    env: { PATH: `${root}:/usr/bin:/bin`, BERTH_VOLUME_LOOK_S: "0.05" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  })
  return { child, ended: once(child, "exit"), output: once(child.stdout, "data") }
}

test("a preparation that fails ends the container with its status", async () => {
  const { ended } = start("exit 7")
  expect(await ended).toEqual([7, null])
})

test.each(["echo prepared", "echo preparing; exec sleep 300"])(
  "the container ends in order when it is told to: %s",
  async (prepares) => {
    const { child, ended, output } = start(prepares)
    await output
    child.kill("SIGTERM")
    expect(await ended).toEqual([0, null])
    endGroup(child.pid)
  },
)

test("tells how full the volume is whenever that has changed by much, and not while it has not", async () => {
  const numbers = join(root, "numbers")
  writeFileSync(numbers, "90 100 4096")
  // What is free, from a file; the third argument of the real one is the volume.
  const stat = join(root, "stat")
  writeFileSync(stat, `#!/bin/sh\ncat ${numbers}\necho looked >> ${root}/looks\n`)
  chmodSync(stat, 0o755)
  const { child, ended } = start(`echo "$*" >> ${root}/told`)
  const linesOf = (name: string) =>
    existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8").trimEnd().split("\n") : []
  const fillsTo = async (free: string, told: number) => {
    writeFileSync(numbers, free)
    await expect.poll(() => linesOf("told").length, { timeout: 30_000 }).toBe(told)
    // And stays so for some more looks.
    const looks = linesOf("looks").length
    await expect.poll(() => linesOf("looks").length, { timeout: 30_000 }).toBeGreaterThan(looks + 3)
    expect(linesOf("told")).toHaveLength(told)
  }
  await fillsTo("90 100 4096", 1)
  await fillsTo("91 100 4096", 1)
  await fillsTo("60 100 4096", 2)
  await fillsTo("4 100 4096", 3)
  await fillsTo("70 100 4096", 4)
  expect(linesOf("told")[1]).toBe("/app/init.mjs volume")
  child.kill("SIGTERM")
  expect(await ended).toEqual([0, null])
  endGroup(child.pid)
})

/** In a pod the others of a container end with its first process; here they are ended by their group, if any are left. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
