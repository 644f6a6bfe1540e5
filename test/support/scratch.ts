import { randomInt } from "node:crypto"
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

/**
 * Below those that the kernel gives to whoever connects or asks for any, and for each of the processes that test side by
 * side its own: between our look and its use nobody gets one.
 */
const ports = { first: 20_000, count: 2_500, parts: 4 }

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const part = Number(process.env["VITEST_POOL_ID"] ?? 0) % ports.parts
  for (;;) {
    const port = ports.first + part * ports.count + randomInt(ports.count)
    if (await canListen(port)) return port
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
}
