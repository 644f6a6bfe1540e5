import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { Failure } from "./failure.ts"

export type RunOptions = {
  cwd?: string
  /** Added to the environment of this process; `undefined` removes a name. */
  env?: Record<string, string | undefined>
  /** Text for stdin. */
  input?: string
  /** File for stdin. */
  inputFile?: string
  timeout_ms?: number
  /** What to do when the command fails; shown to the person. */
  hint?: string
  /** True keeps stdout out of the step's log (secrets, large answers). */
  quiet?: boolean
}

/** Runs a program and resolves with its stdout. A non-zero exit or a missing program is a {@link Failure}. */
export type Run = (command: string, args: string[], options?: RunOptions) => Promise<string>

const stdout_bytes_max = 64 * 1024 * 1024
const tail_lines = 15

/** The last lines of a text. */
export function tail(text: string, lines = tail_lines): string {
  return text.trimEnd().split("\n").slice(-lines).join("\n")
}

/** A {@link Run} that writes what programs print to `log`. */
export function createRun(log: (text: string) => void): Run {
  return (command, args, options = {}) =>
    new Promise((resolve, reject) => {
      const stdin = options.inputFile
        ? openSync(options.inputFile, "r")
        : options.input === undefined
          ? "ignore"
          : "pipe"
      const child = spawn(command, args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: [stdin, "pipe", "pipe"],
        ...(options.timeout_ms ? { timeout: options.timeout_ms, killSignal: "SIGKILL" as const } : {}),
      })
      if (typeof stdin === "number") closeSync(stdin)
      let stdout = ""
      let recent = ""
      const remember = (text: string) => {
        recent = (recent + text).slice(-20_000)
        log(text)
      }
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        if (stdout.length < stdout_bytes_max) stdout += text
        if (!options.quiet) remember(text)
      })
      child.stderr?.setEncoding("utf8").on("data", remember)
      child.stdin?.on("error", () => {}) // a program that exits early closes its stdin; its exit status tells the rest
      child.on("error", (error) => {
        const missing = "code" in error && error.code === "ENOENT"
        reject(
          new Failure(missing ? `${command} is not installed` : `${command}: ${error.message}`, { hint: options.hint }),
        )
      })
      child.on("close", (code, signal) => {
        if (code === 0) return resolve(stdout)
        const end = signal ? `was ended by ${signal}` : `ended with status ${code}`
        reject(
          new Failure(`${[command, ...args].join(" ").slice(0, 200)} ${end}`, {
            hint: options.hint,
            output: tail(recent),
          }),
        )
      })
      if (options.input !== undefined) child.stdin?.end(options.input)
    })
}

/** True when the program runs and exits with 0; its output is dropped. */
export async function succeeds(command: string, args: string[], options: RunOptions = {}): Promise<boolean> {
  return createRun(() => {})(command, args, options).then(
    () => true,
    () => false,
  )
}
