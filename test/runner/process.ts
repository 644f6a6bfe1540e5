import { type ChildProcess, spawn } from "node:child_process"
import { repositoryRoot } from "../../scripts/lib/paths.ts"

type Environment = Readonly<Record<string, string>>

const grace_ms = 10_000

/** Programs that run in process groups of their own, one group each. */
export interface Groups {
  /**
   * Runs a program, its output going where ours goes, and ends what it has left in its group.
   * @param environment what its environment has more than ours
   * @returns its exit status; 1 when it did not start, was ended by a signal or took longer than `timeout_ms`
   */
  run(command: string, args: readonly string[], timeout_ms: number, environment?: Environment): Promise<number>
  /** Ends every group that still runs, SIGTERM first and SIGKILL after 10 s. Nothing is run after that. */
  endAll(): Promise<void>
}

/** @returns groups of which none runs yet */
export function createGroups(): Groups {
  const running = new Set<ChildProcess>()
  let ending = false
  return {
    run: async (command, args, timeout_ms, environment) => {
      // Whoever asks now is to be ended too, and must not take this for a failure to go on from.
      if (ending) return await new Promise<never>(() => {})
      const child = spawn(command, args, {
        cwd: repositoryRoot,
        env: { ...process.env, ...environment },
        stdio: ["ignore", "inherit", "inherit"],
        detached: true,
      })
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
    },
    endAll: async () => {
      ending = true
      await Promise.all([...running].map(endGroup))
    },
  }
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
