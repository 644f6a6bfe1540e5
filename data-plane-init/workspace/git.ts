import { spawn } from "node:child_process"
import type { Settings } from "./settings.ts"

const STDERR_CHARACTERS_MAX = 8_000
const STDOUT_CHARACTERS_MAX = 200_000

export interface GitResult {
  readonly ok: boolean
  /** The end of what git said. */
  readonly stderr: string
  /** The beginning of what it answered. */
  readonly stdout: string
}

export type Git = (...args: string[]) => Promise<GitResult>

/**
 * Runs git as the session's pod does: the configuration that workspace-init wrote and no other, no questions, and no
 * transport but HTTP, so that every address has to go through the sidecar. Its words also go to the container's log.
 */
export function createGit(settings: Settings, env: Readonly<Record<string, string | undefined>>): Git {
  const gitEnv = {
    PATH: env["PATH"],
    HOME: env["HOME"] ?? "/tmp",
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: `${settings.agentConfig}/gitconfig`,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOW_PROTOCOL: "http",
  }
  return (...args) =>
    new Promise((resolve, reject) => {
      const child = spawn("git", args, { env: gitEnv, stdio: ["ignore", "pipe", "pipe"] })
      let stderr = ""
      let stdout = ""
      child.stdout.setEncoding("utf8")
      child.stdout.on("data", (text: string) => {
        if (stdout.length < STDOUT_CHARACTERS_MAX) stdout = (stdout + text).slice(0, STDOUT_CHARACTERS_MAX)
      })
      child.stderr.setEncoding("utf8")
      child.stderr.on("data", (text: string) => {
        process.stderr.write(text)
        stderr = (stderr + text).slice(-STDERR_CHARACTERS_MAX)
      })
      child.once("error", reject)
      child.once("close", (code) => resolve({ ok: code === 0, stderr, stdout }))
    })
}
