import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Failure, messageOf } from "./failure.ts"
import { createRun, type Run, tail } from "./run.ts"

/** What a step works with: programs whose output goes to the step's log, and a line for the person. */
export type StepContext = {
  run: Run
  log: (text: string) => void
  /** One line under the step, shown at once. */
  say: (text: string) => void
}

export type Steps = {
  /** Runs one named step; prints its name, what it says and how long it took. */
  step: <T>(name: string, work: (context: StepContext) => Promise<T>) => Promise<T>
  /** Seconds since the first step. */
  elapsed_s: () => number
}

/** Named steps with elapsed time on stderr, each with a log file of its own below `logDir`. */
export function createSteps(
  logDir: string,
  print: (text: string) => void = (text) => process.stderr.write(text),
): Steps {
  mkdirSync(logDir, { recursive: true })
  const begin = Date.now()
  return {
    elapsed_s: () => (Date.now() - begin) / 1000,
    step: async (name, work) => {
      const file = join(logDir, `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}.log`)
      rmSync(file, { force: true })
      const log = (text: string) => appendFileSync(file, text)
      const start = Date.now()
      print(`▸ ${name}\n`)
      try {
        const result = await work({ run: createRun(log), log, say: (text) => print(`    ${text.trimEnd()}\n`) })
        print(`  done in ${((Date.now() - start) / 1000).toFixed(1)} s\n`)
        return result
      } catch (error) {
        print(describeFailure(name, error, file))
        throw error instanceof StepFailed ? error : new StepFailed(name)
      }
    },
  }
}

/** A step failed and the person has been told; the command only has to end with a non-zero status. */
export class StepFailed extends Error {}

function describeFailure(step: string, error: unknown, logFile: string): string {
  const failure = error instanceof Failure ? error : undefined
  const lines = [`✗ ${step}: ${messageOf(error)}`]
  const output = failure?.output ?? (failure ? "" : tail(readLog(logFile)))
  if (output) lines.push("", ...output.split("\n").map((line) => `    ${line}`), "")
  lines.push(
    `  What to do: ${failure?.hint ?? "fix what the lines above report, then run the command again; it continues from here"}`,
  )
  lines.push(`  Full log: ${logFile}`)
  return `${lines.join("\n")}\n`
}

function readLog(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
