import { execFile, spawn } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { Harness } from "./harness.ts"
import type { TestSidecar } from "./sidecar.ts"

const ENTRY = join(import.meta.dirname, "../../../data-plane-init/main.ts")
const run = promisify(execFile)

export interface TestWorkspace {
  readonly path: string
  readonly repository: string
  readonly agentConfig: string
  /** Runs workspace-init; it is killed once `killWhen` resolves. */
  prepare(killWhen?: Promise<unknown>): Promise<{ code: number | null; stderr: string; elapsed_ms: number }>
  /** Runs git in the repository as the agent does. */
  git(...args: string[]): Promise<{ ok: boolean; stdout: string; stderr: string }>
}

/** A session's volumes as directories, and the programs that work in them. */
export function createWorkspace(broker: Harness, sidecar: TestSidecar, name: string): TestWorkspace {
  const path = join(broker.directory, `workspace-${name}`)
  const agentConfig = join(broker.directory, `agent-${name}`)
  mkdirSync(path)
  mkdirSync(agentConfig)
  const env = { PATH: process.env["PATH"] ?? "", HOME: broker.directory }
  const repository = join(path, "repo")
  return {
    path,
    repository,
    agentConfig,
    prepare: (killWhen) =>
      new Promise((resolve) => {
        const startedAt = performance.now()
        const child = spawn(process.execPath, [ENTRY], {
          env: { ...env, BERTH_SIDECAR_URL: sidecar.url, BERTH_WORKSPACE: path, BERTH_AGENT_CONFIG: agentConfig },
          stdio: ["ignore", "ignore", "pipe"],
        })
        let stderr = ""
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          stderr += text
        })
        void killWhen?.then(() => child.kill("SIGKILL"))
        child.once("close", (code) => {
          resolve({ code, stderr, elapsed_ms: performance.now() - startedAt })
        })
      }),
    async git(...args) {
      const gitEnv = { ...env, GIT_CONFIG_GLOBAL: join(agentConfig, "gitconfig"), GIT_TERMINAL_PROMPT: "0" }
      try {
        const { stdout, stderr } = await run("git", ["-C", repository, ...args], {
          env: gitEnv,
          maxBuffer: 64 * 1024 * 1024,
        })
        return { ok: true, stdout: stdout.trim(), stderr }
      } catch (error) {
        const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string }
        return { ok: false, stdout, stderr }
      }
    },
  }
}
