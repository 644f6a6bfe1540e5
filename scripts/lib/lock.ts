import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { Failure } from "./failure.ts"
import { until } from "./wait.ts"

const wait_ms = 45 * 60_000

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Moves a lock of a dead process away. Two processes may see the same stale lock; only what was seen may be removed. */
function breakLock(path: string, stale: number | undefined): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (holderOf(aside) !== stale) {
    try {
      linkSync(aside, path)
    } catch {
      // Someone took the free name in between; he and the owner we displaced now both hold it, for one build at most.
    }
  }
  rmSync(aside, { force: true })
}

function tryLock(path: string): boolean {
  const own = `${path}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, path)
    return true
  } catch {
    const holder = holderOf(path)
    if (holder === undefined || !isRunning(holder)) breakLock(path, holder)
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Runs `work` while holding the lock file; waits while a living process holds it.
 * A lock left by a process that is gone is taken over.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  say: (text: string) => void = () => {},
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true })
  // The first try clears away a lock that nobody holds any more.
  if (!tryLock(path) && !tryLock(path)) {
    say(`waiting for process ${holderOf(path) ?? "?"}, which holds ${path}\n`)
    await until(`the lock ${path}`, async () => tryLock(path), { timeout_ms: wait_ms, every_ms: 300 }).catch(() => {
      throw new Failure(`process ${holderOf(path) ?? "?"} has held ${path} for 45 minutes`, {
        hint: "end that process, then run the command again",
      })
    })
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}
