import { execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

const SCRIPTS = import.meta.dirname
const patience = { timeout: 30_000, interval: 20 }
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-agent-"))
  for (const folder of ["bin", "config", "helpers", "secret", "workspace/repo/.berth/auth-helpers"]) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  writeFileSync(join(root, "secret", "password"), 'pass"word')
  writeFileSync(join(root, "config", "prepared"), "")
  program("opencode", 'env; echo "arguments: $*"; echo "directory: $PWD"')
  program("curl", `{ echo "arguments: $*"; cat; echo; } > ${root}/curl.new; mv ${root}/curl.new ${root}/curl.log`)
})
// The start's report goes on for a moment after its test.
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))

function program(name: string, script: string): void {
  const path = join(root, "bin", name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

const environment = () => ({
  PATH: `${root}/bin:/usr/bin:/bin`,
  BERTH_WORKSPACE: `${root}/workspace`,
  BERTH_AGENT_CONFIG: `${root}/config`,
  BERTH_AUTH_HELPERS: `${root}/helpers`,
  BERTH_AUTH_SECRET: `${root}/secret`,
  TMPDIR: root,
})

function run(script: "start.sh" | "stop.sh") {
  const command = join(SCRIPTS, script)
  const { status, stdout, stderr } = spawnSync("sh", [command], { encoding: "utf8", env: environment() })
  return { status, stderr, lines: stdout.split("\n") }
}

describe("the agent's start", () => {
  it("waits until the workspace is prepared", async () => {
    const marker = join(root, "config", "prepared")
    rmSync(marker)
    // Its first pause shows that it waits.
    program("sleep", `touch ${root}/waited; exec /bin/sleep "$@"`)
    const child = spawn("sh", [join(SCRIPTS, "start.sh")], { env: environment(), stdio: ["ignore", "pipe", "ignore"] })
    let output = ""
    child.stdout.on("data", (text) => {
      output += text
    })
    const ended = once(child, "close")
    await vi.waitFor(() => expect(existsSync(join(root, "waited"))).toBe(true), patience)
    expect(output).toBe("")
    writeFileSync(marker, "")
    await ended
    expect(output).toContain("arguments: serve")
  })

  it("says on one line which helpers there are: sorted, each once, Kubernetes' hidden links left out", () => {
    writeFileSync(join(root, "helpers", "fetch-vertex-token"), "")
    writeFileSync(join(root, "helpers", "fetch-bedrock-token"), "")
    mkdirSync(join(root, "helpers", "..2026_11_22"))
    symlinkSync("..2026_11_22", join(root, "helpers", "..data"))
    writeFileSync(join(root, "workspace/repo/.berth/auth-helpers", "fetch-bedrock-token"), "")
    writeFileSync(join(root, "workspace/repo/.berth", "user-settings.json"), "{}")
    expect(run("start.sh").stderr).toBe(
      "berth: user-settings.json present=true; auth-helpers=[fetch-bedrock-token,fetch-vertex-token]\n",
    )
  })

  it("stays one line whatever a cloned repository calls its files", () => {
    const folder = join(root, "workspace/repo/.berth/auth-helpers")
    writeFileSync(join(folder, "a\nberth: user-settings.json present=true; auth-helpers=[forged]"), "")
    writeFileSync(join(folder, "\u001b[2Jb"), "")
    writeFileSync(join(folder, "two words"), "")
    expect(run("start.sh").stderr).toBe(
      "berth: user-settings.json present=false; auth-helpers=[?[2Jb,a?berth: user-settings.json present=true; auth-helpers=[forged],two words]\n",
    )
  })

  it("says [none] when there are none", () => {
    expect(run("start.sh").stderr).toBe("berth: user-settings.json present=false; auth-helpers=[none]\n")
  })

  it("tells the control plane the same, without being waited for", async () => {
    writeFileSync(join(root, "helpers", "fetch-token"), "")
    writeFileSync(join(root, "helpers", 'odd"name'), "")
    expect(run("start.sh").status).toBe(0)
    await vi.waitFor(() => expect(existsSync(join(root, "curl.log"))).toBe(true), patience)
    const [args, body] = readFileSync(join(root, "curl.log"), "utf8").split("\n")
    expect(args).toContain("http://127.0.0.1:7070/v1/report")
    expect(JSON.parse(body ?? "")).toEqual({
      source: "agent",
      helpers: { settingsPresent: false, names: ["fetch-token"] },
    })
  })

  it("runs OpenCode in the repository, finding the workspace's helpers first, then the operator's", () => {
    const { lines } = run("start.sh")
    const repository = `${root}/workspace/repo`
    expect(lines).toContain("arguments: serve --hostname 0.0.0.0 --port 4096 --print-logs")
    expect(lines).toContain(`directory: ${repository}`)
    expect(lines).toContain(`PATH=${repository}/.berth/auth-helpers:${root}/helpers:${root}/bin:/usr/bin:/bin`)
  })

  it("runs nothing of a cloned repository by itself, even when it is called like what a start needs", () => {
    const folder = join(root, "workspace/repo/.berth/auth-helpers")
    for (const name of ["opencode", "curl", "cat", "mkdir", "sort", "sed", "tr", "grep"]) {
      writeFileSync(join(folder, name), `#!/bin/sh\ntouch "${root}/taken"\nexit 1\n`, { mode: 0o755 })
    }
    const { status, lines } = run("start.sh")
    expect(status).toBe(0)
    expect(lines).toContain("arguments: serve --hostname 0.0.0.0 --port 4096 --print-logs")
    expect(existsSync(join(root, "taken"))).toBe(false)
  })

  it("keeps the state on the volume, reads its configuration from init's, and fetches nothing", () => {
    const { lines } = run("start.sh")
    for (const line of [
      `XDG_DATA_HOME=${root}/workspace/.state/data`,
      `XDG_STATE_HOME=${root}/workspace/.state/state`,
      `XDG_CONFIG_HOME=${root}/config`,
      `XDG_CACHE_HOME=${root}/cache`,
      `GIT_CONFIG_GLOBAL=${root}/config/gitconfig`,
      "OPENCODE_DISABLE_PROJECT_CONFIG=1",
      "OPENCODE_DISABLE_MODELS_FETCH=1",
      'OPENCODE_SERVER_PASSWORD=pass"word',
    ]) {
      expect(lines).toContain(line)
    }
  })

  it("takes the session's environment, which cannot replace what Berth sets", () => {
    writeFileSync(join(root, "config", "environment"), "export GREETING='hello'\nexport XDG_CONFIG_HOME='/elsewhere'\n")
    const { lines } = run("start.sh")
    expect(lines).toContain("GREETING=hello")
    expect(lines).toContain(`XDG_CONFIG_HOME=${root}/config`)
  })

  it("fails when the password is missing", () => {
    rmSync(join(root, "secret", "password"))
    expect(run("start.sh").status).not.toBe(0)
  })
})

describe("the agent's stop", () => {
  it("ends the running turn; the password is in no argument list", () => {
    expect(run("stop.sh").status).toBe(0)
    const [args, config] = readFileSync(join(root, "curl.log"), "utf8").split("\n")
    expect(args).toContain("http://127.0.0.1:4096/global/dispose")
    expect(args).toContain("--max-time 5")
    expect(args).not.toContain("pass")
    expect(config).toBe('user = "opencode:pass\\"word"')
  })

  it("never fails", () => {
    rmSync(join(root, "secret", "password"))
    program("curl", "exit 7")
    expect(run("stop.sh").status).toBe(0)
  })
})

it("the scripts are plain POSIX shell", () => {
  for (const script of ["start.sh", "stop.sh"]) execFileSync("sh", ["-n", join(SCRIPTS, script)])
})
