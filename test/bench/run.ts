import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { messageOf } from "../../scripts/lib/failure.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { readUpResult, type UpResult } from "../e2e/support/connect.ts"
import { measureAuth } from "./auth/index.ts"
import { authTable, reportAuth } from "./auth/report.ts"
import { measureBroker } from "./broker/index.ts"
import { brokerTable, reportBroker } from "./broker/report.ts"
import { measureStart } from "./start/index.ts"
import { reportStart, startTable } from "./start/report.ts"

const usage = `usage: npm run bench -- start [--samples N] [--installation FILE]
       npm run bench -- auth [--samples N]
       npm run bench -- broker [--samples N]

start          how long a session takes to its first answer, against bare pods
auth           requests a second with and without authentication, and revocation under load
broker         what sidecar and broker add to model streams and git, against direct connections
--samples      of each kind; default 10
--installation what \`npm run up -- --json\` has printed; default: runs that command`

const samples_default = 10

/** Ends the program with words when there is no installation to measure. */
function installationOf(file: string | undefined): UpResult {
  try {
    const printed = file === undefined ? bringUp() : readFileSync(file, "utf8")
    return readUpResult(printed)
  } catch (error) {
    const given = `--installation ${file}: ${messageOf(error)}; it wants what \`npm run up -- --json\` has printed`
    console.error(file === undefined ? "there is nothing to measure: `npm run up` failed, see above" : given)
    process.exit(file === undefined ? 1 : 2)
  }
}

function bringUp(): string {
  const command = [join(repositoryRoot, "scripts", "up.ts"), "--json"]
  return execFileSync(process.execPath, command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
}

const { values, positionals } = readArguments()
if (values.help) {
  console.log(usage)
  process.exit(0)
}
const samples = Number(values.samples ?? samples_default)
const [what] = positionals
const benches: Record<string, () => Promise<[table: string, report: object]>> = { start, auth, broker }
const measure = Object.hasOwn(benches, what ?? "") ? benches[what ?? ""] : undefined
if (positionals.length !== 1 || measure === undefined || !(samples >= 1)) {
  console.error(usage)
  process.exit(2)
}
const say = (text: string) => console.error(text)
const [table, report] = await measure()
const directory = join(repositoryRoot, "dist", "bench")
mkdirSync(directory, { recursive: true })
const file = join(directory, `${what}.json`)
writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...report }, null, 2)}\n`)
console.log(table)
console.log(`\nall samples: ${file}`)
process.exit(0)

function readArguments() {
  try {
    return parseArgs({
      options: { samples: { type: "string" }, installation: { type: "string" }, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    })
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`)
    process.exit(2)
  }
}

async function start(): Promise<[table: string, report: object]> {
  const result = await measureStart(installationOf(values.installation), samples, say)
  const summed = reportStart(result)
  return [startTable(summed), { ...summed, samples: result }]
}

async function auth(): Promise<[table: string, report: object]> {
  const result = await measureAuth(samples, say)
  const summed = reportAuth(result)
  return [authTable(summed), { ...summed, samples: result }]
}

async function broker(): Promise<[table: string, report: object]> {
  const result = await measureBroker(samples, say)
  const summed = reportBroker(result)
  return [brokerTable(summed), { ...summed, samples: result }]
}
