import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readHead } from "./cgi.ts"
import { ensureSampleRepository } from "./repository.ts"
import { createGitServer } from "./server.ts"

const execute = promisify(execFile)

describe("the demo git server", () => {
  const folder = mkdtempSync(join(tmpdir(), "git-"))
  const server = createGitServer({ root: join(folder, "root"), log: () => {} })
  let url = ""
  const git = async (cwd: string, ...args: string[]) => {
    const identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    return (
      await execute("git", [...identity, ...args], { cwd, env: { PATH: process.env.PATH, HOME: folder } })
    ).stdout.trim()
  }

  beforeAll(async () => {
    await execute("mkdir", ["-p", join(folder, "root")])
    ensureSampleRepository(join(folder, "root/sample.git"), resolve(import.meta.dirname, "../sample"))
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sample.git`
  })
  afterAll(() => {
    server.close()
    rmSync(folder, { recursive: true })
  })

  it("serves a sample with a history, and takes pushes", async () => {
    await git(folder, "clone", "--quiet", url, "first")
    const first = join(folder, "first")
    expect(await git(first, "log", "--format=%s")).toBe(
      "Greet in the person's language\nTest the greeting\nGreet a person",
    )
    expect(await git(first, "branch", "--show-current")).toBe("main")
    writeFileSync(join(first, "README.md"), "changed")
    await git(first, "commit", "--quiet", "--all", "--message", "Change it")
    await git(first, "push", "--quiet", "origin", "HEAD:refs/heads/change")
    await git(folder, "clone", "--quiet", "--branch", "change", url, "second")
    expect(readFileSync(join(folder, "second/README.md"), "utf8")).toBe("changed")
  })

  it("gives the same commits every time it is made", async () => {
    ensureSampleRepository(join(folder, "again.git"), resolve(import.meta.dirname, "../sample"))
    const head = (path: string) => git(join(folder, path), "rev-parse", "main")
    expect(await head("again.git")).toBe(await head("root/sample.git"))
  })

  it("has a sample whose own test passes", async () => {
    await git(folder, "clone", "--quiet", url, "third")
    await execute("sh", ["test/greet.test.sh"], { cwd: join(folder, "third"), env: { PATH: process.env.PATH } })
  })

  it("says 404 for a repository that is not there", async () => {
    expect((await fetch(url.replace("sample", "other"))).status).toBe(404)
  })
})

it("reads a CGI answer's head only when it is whole", () => {
  expect(readHead(Buffer.from("Status: 403 Forbidden\r\nX-A: b"))).toBeUndefined()
  const head = readHead(Buffer.from("Status: 403 Forbidden\r\nX-A: b: c\r\n\r\nbody"))
  expect(head).toMatchObject({ status: 403, headers: { "x-a": "b: c" } })
  expect(head?.rest.toString()).toBe("body")
})
