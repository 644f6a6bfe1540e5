import { type ChildProcess, spawn } from "node:child_process"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

const grace_ms = 10_000
const running = new Set<ChildProcess>()

/**
 * Runs a program in a process group of its own, its output going where ours goes.
 * @returns its exit status; 1 when it did not start, was ended by a signal or took longer than `timeout_ms`
 */
export async function runGroup(command: string, args: readonly string[], timeout_ms: number): Promise<number> {
  const child = spawn(command, args, { cwd: repositoryRoot, stdio: ["ignore", "inherit", "inherit"], detached: true })
  running.add(child)
  const timer = setTimeout(() => {
    console.error(`${command} took longer than ${timeout_ms / 60_000} min and is ended`)
    void endGroup(child)
  }, timeout_ms)
  const status = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.once("exit", (code) => resolve(code ?? 1))
  })
  clearTimeout(timer)
  signalGroup(child, "SIGKILL") // what it has left behind in its group
  running.delete(child)
  return status
}

/** Ends every group that still runs: SIGTERM, then SIGKILL after 10 s. */
export async function endAllGroups(): Promise<void> {
  await Promise.all([...running].map(endGroup))
}

async function endGroup(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve))
  if (child.exitCode !== null || child.signalCode !== null) return
  signalGroup(child, "SIGTERM")
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), grace_ms)
  await exited
  clearTimeout(timer)
  signalGroup(child, "SIGKILL")
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Nobody is left in it.
  }
}
