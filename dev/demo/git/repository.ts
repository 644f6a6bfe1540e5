import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The sample's history: each commit lays one folder of `sample/` over the one before. */
const commits = [
  { folder: "1-start", message: "Greet a person", date: "2025-01-06T09:00:00Z" },
  { folder: "2-test", message: "Test the greeting", date: "2025-01-07T09:00:00Z" },
  { folder: "3-languages", message: "Greet in the person's language", date: "2025-01-08T09:00:00Z" },
] as const

const author = { name: "Berth demo", email: "demo@berth.invalid" }

/**
 * Makes the bare repository `target` from the folders in `sample`, unless it is there. Same commit ids every time;
 * it appears only when it is complete. Pushes are allowed.
 */
export function ensureSampleRepository(target: string, sample: string): void {
  if (existsSync(target)) return
  const work = mkdtempSync(join(tmpdir(), "sample-"))
  const unfinished = `${target}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  try {
    git(work, ["init", "--quiet", "--initial-branch=main"])
    for (const { folder, message, date } of commits) {
      cpSync(join(sample, folder), work, { recursive: true })
      git(work, ["add", "--all"])
      git(work, ["commit", "--quiet", "--message", message], date)
    }
    git(work, ["clone", "--quiet", "--bare", "--no-hardlinks", ".", unfinished])
    git(unfinished, ["remote", "remove", "origin"])
    git(unfinished, ["config", "http.receivepack", "true"])
    renameSync(unfinished, target)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function git(cwd: string, args: string[], date?: string): void {
  const env = {
    PATH: process.env.PATH,
    HOME: tmpdir(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    ...(date ? { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date } : {}),
  }
  execFileSync("git", ["-c", "commit.gpgsign=false", ...args], { cwd, env, stdio: ["ignore", "ignore", "inherit"] })
}
