import { spawn } from "node:child_process"
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"

/** A process that outlives the command that started it. Pid, start time and boot together name it for good. */
export type ProcessRecord = {
  pid: number
  /** Field 22 of /proc/<pid>/stat: a pid that is used again has another one. */
  startTicks: string
  bootId: string
  /** What it was started with: a changed configuration is a reason to start it anew. */
  fingerprint: string
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
}

/** Start time of a process in clock ticks since boot; `undefined` when there is no such process, or only its zombie. */
export function startTicksOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The name (field 2) may hold spaces and brackets: fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return fields[0] === "Z" ? undefined : fields[19]
  } catch {
    return undefined
  }
}

/** Reads a record; `undefined` when the file is missing or not ours. */
export function readRecord(file: string): ProcessRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is ProcessRecord {
  if (typeof value !== "object" || value === null) return false
  return (
    "pid" in value &&
    Number.isInteger(value.pid) &&
    "startTicks" in value &&
    "bootId" in value &&
    "fingerprint" in value
  )
}

/** True while exactly the recorded process runs. */
export function isAlive(record: ProcessRecord | undefined): record is ProcessRecord {
  return record !== undefined && record.bootId === bootId() && startTicksOf(record.pid) === record.startTicks
}

/**
 * Starts a program in a session of its own, its output in `logFile` (the log before it is kept as `<logFile>.1`),
 * and records it in `recordFile`.
 */
export function startProcess(options: {
  command: string
  args: string[]
  logFile: string
  recordFile: string
  fingerprint: string
}): ProcessRecord {
  if (existsSync(options.logFile)) renameSync(options.logFile, `${options.logFile}.1`)
  const log = openSync(options.logFile, "a", 0o600)
  const child = spawn(options.command, options.args, {
    detached: true,
    cwd: "/",
    env: daemonEnvironment(process.env),
    stdio: ["ignore", log, log],
  })
  closeSync(log)
  child.on("error", () => {}) // its absence shows when the component does not become ready; the log says why
  child.unref()
  const pid = child.pid ?? 0
  const record = { pid, startTicks: startTicksOf(pid) ?? "", bootId: bootId(), fingerprint: options.fingerprint }
  writeFileSync(options.recordFile, JSON.stringify(record))
  return record
}

/** What a daemon needs of a person's environment; the rest (tokens, agents, settings) is nobody's business for days. */
function daemonEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const wanted = /^(PATH|HOME|LANG|TMPDIR|SSL_CERT_(FILE|DIR)|(https?|no|all)_proxy)$/i
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.test(name)))
}

/** Ends the recorded process if it still is that process: SIGTERM, then SIGKILL after `grace_ms`. Removes the record. */
export async function stopProcess(recordFile: string, grace_ms = 5000): Promise<void> {
  const record = readRecord(recordFile)
  if (isAlive(record)) {
    process.kill(record.pid, "SIGTERM")
    const deadline = Date.now() + grace_ms
    while (isAlive(record) && Date.now() < deadline) await pause(50)
    if (isAlive(record)) process.kill(record.pid, "SIGKILL")
    while (isAlive(record)) await pause(20)
  }
  rmSync(recordFile, { force: true })
}
