import { withLock } from "./lib/lock.ts"
import { stateDir } from "./lib/paths.ts"
import { StepFailed } from "./lib/steps.ts"
import { bringUp } from "./up/bring-up.ts"
import { checkGivenFiles } from "./up/given-files.ts"
import { parseUpOptions, UsageError, upUsage } from "./up/options.ts"
import { summary } from "./up/summary.ts"

process.on("SIGINT", () => {
  process.stderr.write("\ninterrupted; run the command again to go on from here\n")
  process.exit(130)
})

try {
  const options = parseUpOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(upUsage)
  } else {
    checkGivenFiles(options)
    const say = (text: string) => process.stderr.write(text)
    const { outcome, elapsed_s } = await withLock(stateDir("up.lock"), () => bringUp(options), say)
    process.stdout.write(options.json ? `${JSON.stringify(outcome)}\n` : summary(outcome, options, elapsed_s))
  }
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\nSee npm run up -- --help\n`)
    process.exitCode = 2
  } else if (error instanceof StepFailed) {
    process.exitCode = 1
  } else throw error
}
