import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { writeBerthFolder } from "./berth-folder.ts"

let repository: string
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "berth-folder-"))
  mkdirSync(join(repository, ".git/info"), { recursive: true })
})
afterEach(() => rmSync(repository, { recursive: true, force: true }))

const settings = { userSettings: { apiKeyHelper: "fetch-token" } }

it.each([".", ".berth", ".berth/auth-helpers", ".git", ".git/info", ".git/info/exclude"])(
  "a session starts again after its agent has taken the right to write away from %s",
  async (path) => {
    await writeBerthFolder(repository, settings)
    writeFileSync(join(repository, ".git/info/exclude"), "")
    chmodSync(join(repository, path), 0)
    await writeBerthFolder(repository, settings)
    // Tests may run as root, whom no mode keeps out.
    expect(statSync(join(repository, path)).mode & 0o600).toBe(0o600)
    expect(readFileSync(join(repository, ".git/info/exclude"), "utf8")).toBe("/.berth/\n")
  },
)
