import { execFileSync } from "node:child_process"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Agent, startAgent } from "../../../../test/support/opencode.ts"
import { patch } from "./patch.ts"

const timeout_ms = 90_000
const origin = mkdtempSync(join(tmpdir(), "berth-patch-"))
let agent: Agent

beforeAll(async () => {
  agent = await startAgent()
})
afterAll(async () => {
  await agent.stop()
  rmSync(origin, { recursive: true, force: true })
})

function git(directory: string, ...args: string[]): string {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
  const env = { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" }
  return execFileSync("git", ["-C", directory, ...who, ...args], { encoding: "utf8", env })
}

test("a workspace without a repository has no changes that could be told", async () => {
  expect(await patch(agent.target, timeout_ms)).toEqual({ text: "" })
})

test("the real agent's patch holds what is not in the default branch: commits, changes and new files; git can apply it", async () => {
  const { directory } = agent.target
  await agent.kill()
  git(origin, "init", "-q", "--bare", "-b", "main")
  git(directory, "init", "-q", "-b", "main")
  git(directory, "remote", "add", "origin", origin)
  writeFileSync(join(directory, "a.txt"), "one\n")
  git(directory, "add", ".")
  git(directory, "commit", "-qm", "one")
  git(directory, "push", "-q", "origin", "main")
  git(directory, "remote", "set-head", "origin", "main")
  git(directory, "checkout", "-q", "-b", "work")
  appendFileSync(join(directory, "a.txt"), "two\n")
  git(directory, "commit", "-qam", "two")
  appendFileSync(join(directory, "a.txt"), "three\n")
  writeFileSync(join(directory, "new.txt"), "new\n")
  await agent.start()
  const given = await patch(agent.target, timeout_ms)
  if (!("text" in given)) throw new Error(given.missing)
  expect(given.text).toMatch(/^# The workspace against the default branch\.\ndiff --git /)
  expect(given.text).toContain("+two\n+three\n")
  expect(given.text).toContain("+++ b/new.txt")

  const fresh = join(origin, "fresh")
  git(origin, "clone", "-q", origin, fresh)
  writeFileSync(join(origin, "the.patch"), given.text)
  git(fresh, "apply", join(origin, "the.patch"))
  expect(git(fresh, "status", "--porcelain").trim().split("\n").sort()).toEqual(["?? new.txt", "M a.txt"])
})

test("on the default branch itself it holds what is not committed, and says so", async () => {
  const { directory } = agent.target
  git(directory, "stash", "-qu")
  git(directory, "checkout", "-q", "main")
  await agent.kill()
  await agent.start()
  expect(await patch(agent.target, timeout_ms)).toEqual({ text: "" })
  appendFileSync(join(directory, "a.txt"), "changed\n")
  expect(await patch(agent.target, timeout_ms)).toMatchObject({
    text: expect.stringMatching(/^# The workspace against the last commit\.\ndiff --git [^]*\+changed\n/),
  })
})

test("an agent that does not answer is not waited for", async () => {
  await agent.kill()
  expect(await patch(agent.target, 500)).toEqual({ missing: "the agent did not answer in time" })
})
