import { spawn } from "node:child_process"

const RUN_MS_MAX = 10_000
const OUTPUT_BYTES_MAX = 64 * 1024
const DIAGNOSTICS_CHARACTERS_MAX = 2_000
/** Only the operator's directory and the image's own programs: nothing of a workspace can stand in for a helper. */
const PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
const TOKEN = /^[\x21-\x7e]+$/

/** Why a helper gave no token, in words that name it. */
export class HelperError extends Error {
  constructor(program: string, why: string) {
    super(`the auth helper ${program} ${why}`)
    this.name = "HelperError"
  }
}

/**
 * Runs a helper once: it prints one token on stdout and exits 0, within 10 s and 64 KiB. What it says on stderr is for
 * the operator.
 * @throws HelperError
 */
export function runHelper(
  command: readonly string[],
  options: { directory: string; environment: Readonly<Record<string, string>>; log: (line: string) => void },
): Promise<string> {
  const [program = "", ...args] = command
  const fail = (why: string) => new HelperError(program, why)
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: "/",
      env: { ...options.environment, PATH: `${options.directory}:${PROGRAMS}`, HOME: "/tmp" },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what it has started ends with it.
      detached: true,
    })
    let output = ""
    let diagnostics = ""
    let stopped: string | null = null
    const stop = (why: string) => {
      stopped ??= why
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, "SIGKILL")
      } catch {
        // It ended in the same moment.
      }
    }
    const timer = setTimeout(() => stop(`did not end within ${RUN_MS_MAX} ms`), RUN_MS_MAX)
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      if (output.length > OUTPUT_BYTES_MAX) stop(`printed more than ${OUTPUT_BYTES_MAX} bytes`)
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      diagnostics = (diagnostics + text).slice(-DIAGNOSTICS_CHARACTERS_MAX)
    })
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      reject(fail(error.code === "ENOENT" ? `is not in ${options.directory}` : `cannot be run: ${error.code}`))
    })
    child.once("close", (code) => {
      clearTimeout(timer)
      const words = diagnostics.trim()
      if (words !== "") options.log(`${program}: ${words}`)
      const token = output.trim()
      if (stopped !== null) reject(fail(stopped))
      else if (code !== 0)
        reject(fail(`failed with status ${code}${words === "" ? "" : `: ${words.split("\n").at(-1)}`}`))
      else if (!TOKEN.test(token))
        reject(fail(token === "" ? "printed nothing" : "printed something that is not one token"))
      else resolve(token)
    })
  })
}
