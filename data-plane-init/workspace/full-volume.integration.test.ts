import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { WorkloadReport } from "../../pod-protocol/index.ts"
import { prepare } from "./prepare.ts"
import { keepReserve, makeRoom, measure } from "./volume.ts"

const MIB = 1024 * 1024
const START = join(import.meta.dirname, "../../agent-image/start.sh")
const OPENCODE = join(import.meta.dirname, "../../node_modules/opencode-linux-x64/bin")
let root: string
let workspace: string

/** A volume of its own, because a full one is the point; in memory. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "berth-volume-"))
  workspace = join(root, "workspace")
  for (const folder of [workspace, join(root, "config"), join(root, "secret")]) mkdirSync(folder)
  execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=200m", "tmpfs", workspace])
})
afterEach(() => {
  execFileSync("/bin/umount", ["--lazy", workspace])
  rmSync(root, { recursive: true, force: true })
})

const settings = () => ({ sidecarUrl: "http://127.0.0.1:1", workspace, agentConfig: join(root, "config") })
const free = () => {
  const { bavail, bsize } = statfsSync(workspace)
  return bavail * bsize
}
/** What an agent does with `head -c`: to the last byte. */
function fill(name = "rubbish"): void {
  try {
    execFileSync("dd", ["if=/dev/zero", `of=${workspace}/${name}`, "bs=64k"], { stdio: "ignore" })
  } catch {}
  expect(free()).toBe(0)
}

const binding = {
  workload: "w",
  session: "ses_1",
  repository: null,
  profile: null,
  agentConfig: {},
  git: { hosts: [], identity: { name: "Ada", email: "ada@example.com" } },
  environment: {},
  userSettings: { editor: "vi" },
  resolvers: [],
}
async function prepared(): Promise<Omit<WorkloadReport, "source">[]> {
  const reports: Omit<WorkloadReport, "source">[] = []
  const sidecar = {
    binding: async () => binding,
    environment: async () => ({}),
    report: async (report: Omit<WorkloadReport, "source">) => reports.push(report) > 0,
  }
  const { createGit } = await import("./git.ts")
  await prepare({ settings: settings(), sidecar, git: createGit(settings(), process.env) })
  return reports
}

test("a reserve is kept, and given back to a start that finds the volume full", async () => {
  await prepared()
  expect(await measure(settings())).toMatchObject({ reserve: true })
  fill()
  await makeRoom(settings())
  expect(free()).toBeGreaterThan(3 * MIB)
  expect(await measure(settings())).toMatchObject({ reserve: false })
  // Not taken from what was just given.
  await keepReserve(settings())
  expect(await measure(settings())).toMatchObject({ reserve: false })
  rmSync(`${workspace}/rubbish`)
  await keepReserve(settings())
  expect(await measure(settings())).toMatchObject({ reserve: true })
})

test("when the reserve was used before, what the agent can do without makes room, and its conversation stays", async () => {
  await prepared()
  const state = `${workspace}/.state/data/opencode`
  for (const folder of ["log", "tool-output", "snapshot/global/abc"]) {
    mkdirSync(`${state}/${folder}`, { recursive: true })
    writeFileSync(`${state}/${folder}/file`, Buffer.alloc(4 * MIB, 1))
  }
  writeFileSync(`${state}/opencode.db`, Buffer.alloc(MIB, 1))
  fill("first")
  await makeRoom(settings())
  fill("second")
  await makeRoom(settings())
  expect(free()).toBeGreaterThanOrEqual(8 * MIB)
  expect(existsSync(`${state}/opencode.db`)).toBe(true)
})

/** The real agent as a pod starts it; resolves with its address once it answers. */
async function startAgent() {
  const port = await freePort()
  writeFileSync(join(root, "secret", "password"), "pw")
  // Only the port differs from what a pod runs: several tests may run at the same time.
  const script = readFileSync(START, "utf8").replace("--port 4096", `--port ${port}`)
  writeFileSync(join(root, "start.sh"), script)
  const child = spawn("sh", [join(root, "start.sh")], {
    env: {
      PATH: `${OPENCODE}:/usr/bin:/bin`,
      HOME: root,
      TMPDIR: root,
      BERTH_WORKSPACE: workspace,
      BERTH_AGENT_CONFIG: join(root, "config"),
      BERTH_AUTH_HELPERS: join(root, "helpers"),
      BERTH_AUTH_SECRET: join(root, "secret"),
      BERTH_SIDECAR_URL: "http://127.0.0.1:1",
    },
    stdio: ["ignore", "ignore", "pipe"],
  })
  let said = ""
  child.stderr.on("data", (text) => {
    said += text
  })
  const exit = once(child, "exit").then(([code]) => code as number | null)
  const headers = { authorization: `Basic ${btoa("opencode:pw")}`, "content-type": "application/json" }
  const call = async (path: string, body?: unknown) =>
    await fetch(`http://127.0.0.1:${port}${path}`, {
      headers,
      // A request that reaches the agent while it boots is accepted and never answered.
      signal: AbortSignal.timeout(path === "/session" ? 2_000 : 30_000),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    })
  const answers = () =>
    call("/session").then(
      (response) => response.status,
      () => 0,
    )
  return {
    call,
    answers,
    said: () => said,
    exit,
    async end() {
      child.kill("SIGKILL")
      await exit
    },
  }
}

describe("the real agent on a volume that is filled to the last byte", () => {
  test("starts, and deletes a file by a command", async () => {
    await prepared()
    const first = await startAgent()
    await expect.poll(first.answers, { timeout: 60_000 }).toBe(200)
    const session = (await (await first.call("/session", {})).json()) as { id: string }
    await first.end()
    fill("repo/rubbish")

    const reports = await prepared()
    expect(reports.at(-1)).toMatchObject({ phase: "ready", volume: { reserve: false } })
    const second = await startAgent()
    await expect.poll(second.answers, { timeout: 60_000 }).toBe(200)
    // What it had said before is there.
    expect((await second.call(`/session/${session.id}`)).status).toBe(200)
    const command = { agent: "build", command: "rm rubbish", model: { providerID: "none", modelID: "none" } }
    await second.call(`/session/${session.id}/shell`, command)
    await expect.poll(() => existsSync(`${workspace}/repo/rubbish`), { timeout: 30_000 }).toBe(false)
    await second.end()
  })

  test("starts again after its container ended, without a new pod", async () => {
    await prepared()
    const first = await startAgent()
    await expect.poll(first.answers, { timeout: 60_000 }).toBe(200)
    await first.end()
    fill()
    const second = await startAgent()
    await expect.poll(second.answers, { timeout: 60_000 }).toBe(200)
    expect(second.said()).toContain("berth: the session's volume is full; the reserve is given back")
    await second.end()
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("a TCP port was asked for")
  return address.port
}
