import { spawn } from "node:child_process"
import { HelperError, whyFailed, whyNotStarted } from "./helper-error.ts"

const RUN_MS_MAX = 10_000
const OUTPUT_BYTES_MAX = 64 * 1024
const DIAGNOSTICS_CHARACTERS_MAX = 2_000
/** Only the operator's directory and the image's own programs: nothing of a workspace can stand in for a helper. */
const PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
// Shorter words may be anything.
const TOKEN_CHARACTERS_MIN = 8
const TOKEN = /^[\x21-\x7e]+$/

interface HelperOptions {
  /** The operator's helpers. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly log: (line: string) => void
  /** How long it may take; 10 s where it is missing. */
  readonly run_ms?: number
}

/**
 * Runs a helper once: it prints one token on stdout and exits 0, within 10 s and 64 KiB. What it says on stderr is for
 * the operator: it goes to the log, without the token, and nowhere else.
 * @throws HelperError
 */
export function runHelper(command: readonly string[], options: HelperOptions): Promise<string> {
  const [program = "", ...args] = command
  const { directory, environment, log, run_ms = RUN_MS_MAX } = options
  const fail = (why: string) => new HelperError(program, why)
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: "/",
      env: { ...environment, PATH: `${directory}:${PROGRAMS}`, HOME: "/tmp" },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what it has started ends with it.
      detached: true,
    })
    let output = ""
    let diagnostics = ""
    const stop = (why: string) => {
      reject(fail(why))
      // What has left the group keeps the pipes open; nobody listens to it any longer.
      child.stdout.destroy()
      child.stderr.destroy()
      endGroup(child.pid)
    }
    const timer = setTimeout(() => stop(`did not end within ${run_ms} ms`), run_ms)
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (output.length > OUTPUT_BYTES_MAX) stop(`printed more than ${OUTPUT_BYTES_MAX} bytes`)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      diagnostics = (diagnostics + text).slice(-DIAGNOSTICS_CHARACTERS_MAX)
    })
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      whyNotStarted(directory, program, error.code).then((why) => reject(fail(why)), reject)
    })
    child.once("close", (code, signal) => {
      clearTimeout(timer)
      const token = output.trim()
      const words = withoutToken(diagnostics, token)
      if (words !== "") log(`${program}: ${words}`)
      if (code !== 0) {
        // A program that did not start closes too, and is told by its error.
        if (child.pid !== undefined) reject(fail(whyFailed(code, signal, words !== "")))
      } else if (!TOKEN.test(token)) {
        reject(fail(token === "" ? "printed nothing" : "printed something that is not one token"))
      } else resolve(token)
    })
  })
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch {
    // It ended in the same moment.
  }
}

/** A shell that traces itself (`set -x`) says what it prints. */
function withoutToken(diagnostics: string, output: string): string {
  const printed = output.split(/\s+/).filter((word) => word.length >= TOKEN_CHARACTERS_MIN)
  return printed.reduce((text, word) => text.replaceAll(word, "[REDACTED]"), diagnostics).trim()
}
