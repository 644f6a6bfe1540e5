import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startTicksOf } from "../../scripts/lib/processes.ts"

const prefix = "berth-test-"
const ownerFile = "owner"

/**
 * Makes a directory for one throw-away program and removes those that killed test runs have left.
 * @returns its absolute path; others may enter it, only we may write to it.
 */
export function scratchDirectory(name: string): string {
  removeAbandoned()
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${name}-`))
  chmodSync(directory, 0o711)
  writeFileSync(join(directory, ownerFile), `${process.pid} ${startTicksOf(process.pid) ?? ""}`)
  return directory
}

/** Removes what a scratch directory holds, and itself. */
export function removeScratch(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const directory = join(tmpdir(), name)
    if (!isOwned(directory)) removeScratch(directory)
  }
}

/** A directory without an owner file is one that is being made right now. */
function isOwned(directory: string): boolean {
  try {
    const [pid, ticks] = readFileSync(join(directory, ownerFile), "utf8").split(" ")
    return startTicksOf(Number(pid)) === ticks
  } catch {
    return true
  }
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no port was given"))
        else resolve(address.port)
      })
    })
  })
}
