import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { Failure } from "../../scripts/lib/failure.ts"
import { createRun } from "../../scripts/lib/run.ts"
import { whileLocked } from "./apt-lock.ts"

const directory = mkdtempSync(join(tmpdir(), "berth-apt-"))
const lists = join(directory, "lists")
mkdirSync(join(lists, "partial"), { recursive: true })
afterAll(() => rmSync(directory, { recursive: true }))

/** Debian's own apt-get with lists of its own and no sources: it takes its lock and asks nobody. */
const update = (...more: string[]) =>
  createRun(() => {})(
    "apt-get",
    [
      ...["update", "-q", "-o", `Dir::State::lists=${lists}`, "-o", "Dir::Etc::sourcelist=/dev/null"],
      ...["-o", "Dir::Etc::sourceparts=-", ...more],
    ],
    { env: { LC_ALL: "C" } },
  )

/** Holds apt's lock as apt does, until its stdin ends. */
async function holdLock() {
  const script = `use Fcntl; open(F, ">", $ARGV[0]) or die; my $l = pack("s s x4 q q i", F_WRLCK, 0, 0, 0, 0);
    fcntl(F, F_SETLK, $l) or die; $| = 1; print "held\\n"; <STDIN>`
  const holder = spawn("perl", ["-e", script, join(lists, "lock")], { stdio: ["pipe", "pipe", "inherit"] })
  await once(holder.stdout, "data")
  return holder
}

test("a package manager that is at work is waited for, and the person is told which one it is", async () => {
  const holder = await holdLock()
  await expect(update()).rejects.toThrow(Failure)
  const said: string[] = []
  const waiting = whileLocked(update, (text) => {
    said.push(text)
    holder.stdin.end()
  })
  await waiting
  expect(said).toEqual([`waiting for another package manager: process ${holder.pid} (perl)`])
})

test("any other failure ends at once, with apt's own words", async () => {
  const said: string[] = []
  const failing = whileLocked(
    () => update("--no-such-option"),
    (text) => said.push(text),
  )
  await expect(failing).rejects.toMatchObject({ output: expect.stringContaining("no-such-option") })
  expect(said).toEqual([])
})
