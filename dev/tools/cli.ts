// Builds the named tools when they are missing and prints where they are, one a line: node dev/tools/cli.ts helm kubectl
import { Failure } from "../../scripts/lib/failure.ts"
import { ensureTools } from "./build.ts"
import { isToolName, toolNames } from "./catalog.ts"

const names = process.argv.slice(2)
const unknown = names.filter((name) => !isToolName(name))
if (names.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`unknown: ${unknown.join(" ")}\n`)
  process.stderr.write(`usage: node dev/tools/cli.ts TOOL…\ntools: ${toolNames.join(" ")}\n`)
  process.exit(2)
}
try {
  const wanted = names.filter(isToolName)
  const paths = await ensureTools(wanted)
  for (const name of wanted) process.stdout.write(`${paths[name]}\n`)
} catch (error) {
  if (!(error instanceof Failure)) throw error
  process.stderr.write(`${error.message}\n${error.output ?? ""}\n${error.hint ? `What to do: ${error.hint}\n` : ""}`)
  process.exit(1)
}
