import { withLock } from "./lib/lock.ts"
import { stateDir } from "./lib/paths.ts"
import { StepFailed } from "./lib/steps.ts"
import { downUsage, parseDownOptions, UsageError } from "./up/options.ts"
import { takeDown } from "./up/take-down.ts"

try {
  const options = parseDownOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(downUsage)
  } else {
    const say = (text: string) => process.stderr.write(text)
    process.stdout.write(`${await withLock(stateDir("up.lock"), () => takeDown(options), say)}\n`)
  }
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nSee npm run down -- --help\n`)
    process.exitCode = 2
  } else if (error instanceof StepFailed) {
    process.exitCode = 1
  } else throw error
}
