import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Secret } from "../../control-plane/server/crypto/index.ts"
import { createModelServer } from "../../dev/demo/model/server.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { until } from "../../scripts/lib/wait.ts"
import { freePort, removeScratch, scratchDirectory } from "./scratch.ts"

const binary = `${repositoryRoot}/node_modules/opencode-linux-x64/bin/opencode`
const ready_timeout_ms = 180_000

export interface Agent {
  /** As the control plane addresses it. */
  readonly target: { readonly baseUrl: string; readonly password: Secret; readonly directory: string }
  readonly port: number
  /** Kills it at once, without warning. */
  kill(): Promise<void>
  /** Starts it again with the same state, port and password. */
  start(): Promise<void>
  stop(): Promise<void>
}

export interface AgentOptions {
  /** The key that OpenCode sends; the scripted model accepts `right` only. */
  readonly key?: string
  /** OpenCode's permission rules; without any, everything is allowed. */
  readonly permission?: object
  readonly model?: string
  /** OpenCode's whole configuration, instead of the one with the scripted model. */
  readonly config?: object
}

/**
 * Starts the real OpenCode on 127.0.0.1, set up as in a session's pod, with the scripted demo model behind it.
 * Its state is thrown away by `stop`.
 */
export async function startAgent(options: AgentOptions = {}): Promise<Agent> {
  const model = createModelServer({ key: "right", log: () => {} })
  await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve))
  const modelPort = (model.address() as AddressInfo).port
  const root = scratchDirectory("opencode")
  const directory = join(root, "workspace")
  const port = await freePort()
  const password = "test-password"
  prepare(root, options.config ?? configOf(options, modelPort))
  let child: ChildProcess | null = null
  const kill = async () => {
    const running = child
    child = null
    if (running?.pid === undefined || running.exitCode !== null) return
    const gone = new Promise((resolve) => running.once("exit", resolve))
    // The whole group: what a killed agent's tools had started lives on otherwise.
    process.kill(-running.pid, "SIGKILL")
    await gone
  }
  const start = async () => {
    child = launch(root, directory, port, password)
    await ready(root, port, password, child)
  }
  await start()
  return {
    target: { baseUrl: `http://127.0.0.1:${port}`, password: new Secret(password), directory },
    port,
    kill,
    start,
    stop: async () => {
      await kill()
      model.closeAllConnections()
      await new Promise((resolve) => model.close(resolve))
      removeScratch(root)
    },
  }
}

function configOf(options: AgentOptions, modelPort: number): object {
  const limits = { context: 128_000, output: 8192 }
  return {
    autoupdate: false,
    share: "disabled",
    model: `demo/${options.model ?? "demo"}`,
    small_model: "demo/demo",
    enabled_providers: ["demo"],
    permission: options.permission ?? { "*": "allow" },
    provider: {
      demo: {
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `http://127.0.0.1:${modelPort}/v1`, apiKey: options.key ?? "right" },
        models: { demo: { name: "Demo", tool_call: true, reasoning: true, limit: limits } },
      },
    },
  }
}

function prepare(root: string, config: object): void {
  for (const name of ["workspace", "data", "cache", "state"]) mkdirSync(join(root, name))
  const configDirectory = join(root, "config/opencode")
  mkdirSync(join(configDirectory, "node_modules"), { recursive: true })
  // With these two OpenCode does not try to install its plugin package from the network.
  const lock = { packages: { "": { dependencies: { "@opencode-ai/plugin": "*" } } } }
  writeFileSync(join(configDirectory, "package-lock.json"), JSON.stringify(lock))
  writeFileSync(join(configDirectory, "opencode.json"), JSON.stringify(config))
}

function launch(root: string, directory: string, port: number, password: string): ChildProcess {
  const log = openSync(join(root, "log"), "a")
  const off = [
    "MODELS_FETCH",
    "AUTOUPDATE",
    "LSP_DOWNLOAD",
    "DEFAULT_PLUGINS",
    "PROJECT_CONFIG",
    "CLAUDE_CODE",
    "SHARE",
  ]
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", "--", binary, "serve", "--hostname", "127.0.0.1", "--port", String(port), "--print-logs"],
    {
      cwd: directory,
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        PATH: process.env.PATH,
        HOME: root,
        LANG: "C.UTF-8",
        OPENCODE_SERVER_PASSWORD: password,
        ...Object.fromEntries(["data", "cache", "state", "config"].map((name) => [xdg(name), join(root, name)])),
        ...Object.fromEntries(off.map((name) => [`OPENCODE_DISABLE_${name}`, "1"])),
      },
    },
  )
  closeSync(log)
  return child
}

function xdg(name: string): string {
  return `XDG_${name.toUpperCase()}_HOME`
}

/** A request that arrives too early is never answered, so each gets two seconds. */
async function ready(root: string, port: number, password: string, child: ChildProcess): Promise<void> {
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`
  const url = `http://127.0.0.1:${port}/session/status`
  await until(
    "OpenCode answering",
    async () => {
      if (child.exitCode !== null)
        throw new Error(`it exited:\n${readFileSync(join(root, "log"), "utf8").slice(-2000)}`)
      return (await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(2_000) })).ok
    },
    { timeout_ms: ready_timeout_ms, every_ms: 100 },
  )
}
