import { parseArgs } from "node:util"
import { Failure, messageOf } from "../lib/failure.ts"
import { createRun } from "../lib/run.ts"
import { diagnose, type Installation } from "./plan.ts"
import { fromCluster, fromConfigFile, fromValues, helpersIn } from "./sources.ts"
import { textOf } from "./text.ts"

const usage = `Says what sessions get of credential profiles, helpers and environment files: names only, never a value.

  scripts/berth-auth diagnose --values FILE [--values FILE]   what these values would install
  scripts/berth-auth diagnose -n NAMESPACE [--release NAME]   what is installed (kubectl; no Secret is read)
  scripts/berth-auth diagnose --config FILE                   what the control plane's config.json says

  --profile NAME    this profile only
  --helpers DIR     a directory of helpers, as it is or before it is packed into the ConfigMap
  --release NAME    full name of the release's objects (default: berth)
  --context NAME    kubectl context (default: the current one)
  --json            for programs
  -h, --help        this text

Exit status: 0 all is there, 1 there are problems, 2 the arguments are wrong.
`

const EXIT_PROBLEMS = 1
const EXIT_USAGE = 2

class UsageError extends Error {}

function readArguments(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        values: { type: "string", multiple: true, short: "f" },
        config: { type: "string" },
        namespace: { type: "string", short: "n" },
        release: { type: "string", default: "berth" },
        context: { type: "string" },
        profile: { type: "string" },
        helpers: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    })
    return { ...values, command: positionals }
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
}

type Arguments = ReturnType<typeof readArguments>

async function look(options: Arguments): Promise<Installation> {
  const { values, config, namespace, release, context } = options
  const given = [values, config, namespace].filter((one) => one !== undefined)
  if (given.length !== 1) throw new UsageError("give one of --values, --config and -n")
  if (values !== undefined) return fromValues(values)
  if (config !== undefined) return fromConfigFile(config)
  const chosen = context === undefined ? {} : { context }
  return await fromCluster(
    createRun((text) => process.stderr.write(text)),
    { namespace: namespace ?? "", release, ...chosen },
  )
}

async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  if (options.command.join(" ") !== "diagnose") throw new UsageError("the command is: diagnose")
  const found = await look(options)
  const installation = options.helpers === undefined ? found : { ...found, helpers: helpersIn(options.helpers) }
  const diagnosis = diagnose(installation, options.profile)
  process.stdout.write(options.json ? `${JSON.stringify(diagnosis, null, 2)}\n` : textOf(diagnosis))
  return diagnosis.problems.length === 0 ? 0 : EXIT_PROBLEMS
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`ERROR: ${messageOf(error)}\n`)
  if (error instanceof Failure && error.hint !== undefined) process.stderr.write(`${error.hint}\n`)
  if (error instanceof UsageError) process.stderr.write(`\n${usage}`)
  process.exitCode = error instanceof UsageError ? EXIT_USAGE : EXIT_PROBLEMS
}
