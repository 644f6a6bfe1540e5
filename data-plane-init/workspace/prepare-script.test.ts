import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
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
    env: { PATH: `${root}:/usr/bin:/bin` },
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

/** In a pod the others of a container end with its first process; here they are ended by their group, if any are left. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
  }
}
