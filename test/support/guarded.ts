import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"

export interface GuardedOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  readonly logFile: string
  /** User to become; only when we are root. */
  readonly user?: string
  /** What tells it to end quickly, without waiting for clients. */
  readonly endSignal: "TERM" | "INT"
}

export interface Guarded {
  readonly pid: number
  /** Resolves when the program has ended, however. */
  readonly exited: Promise<void>
  hasExited(): boolean
  /** The end of its log, for error messages. */
  lastLines(): string
  /** Ends it, by SIGKILL after 5 s. */
  stop(): Promise<void>
}

const grace_ms = 5_000

/**
 * Starts a server that cannot outlive us: the kernel sends it `endSignal` when this process dies, even by SIGKILL.
 * Needs `setpriv` (util-linux).
 */
export function startGuarded(options: GuardedOptions): Guarded {
  const log = openSync(options.logFile, "a", 0o644)
  const become =
    options.user !== undefined && process.getuid?.() === 0
      ? ["--reuid", options.user, "--regid", options.user, "--init-groups"]
      : []
  const child = spawn(
    "setpriv",
    [...become, "--pdeathsig", options.endSignal, "--", options.command, ...options.args],
    { cwd: "/", env: { ...process.env, ...options.env }, stdio: ["ignore", log, log] },
  )
  closeSync(log)
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve())
    child.once("error", () => resolve())
  })
  return {
    pid: child.pid ?? 0,
    exited,
    hasExited: () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null,
    lastLines: () => readFileSync(options.logFile, "utf8").trimEnd().split("\n").slice(-15).join("\n"),
    stop: () => stop(child, exited, options.endSignal),
  }
}

async function stop(child: ChildProcess, exited: Promise<void>, signal: "TERM" | "INT"): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill(`SIG${signal}`)
  const timer = setTimeout(() => child.kill("SIGKILL"), grace_ms)
  await exited
  clearTimeout(timer)
}
