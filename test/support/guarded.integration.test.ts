import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { dirname } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, expect, test } from "vitest"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { startTicksOf } from "../../scripts/lib/processes.ts"
import { until } from "../../scripts/lib/wait.ts"
import { removeScratch, scratchDirectory } from "./scratch.ts"

const program = `
import { readFileSync } from "node:fs"
import { startPostgres } from "${pathToFileURL(`${repositoryRoot}/test/support/postgres-server.ts`).href}"
const { socketDirectory, port } = await startPostgres()
const [pid] = readFileSync(socketDirectory + "/.s.PGSQL." + port + ".lock", "utf8").split("\\n")
console.log(JSON.stringify({ pid: Number(pid), socketDirectory }))
setInterval(() => {}, 60_000)
`

let run: ChildProcess | undefined
afterEach(() => run?.kill("SIGKILL"))

test("a server ends with a test run that was killed, and the next run removes what it has left", async () => {
  run = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: repositoryRoot,
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = run.stdout ? await once(run.stdout, "data") : []
  const { pid, socketDirectory } = JSON.parse(String(line)) as { pid: number; socketDirectory: string }
  expect(startTicksOf(pid)).toBeDefined()

  run.kill("SIGKILL")
  await once(run, "exit")
  await until("the server having ended", async () => startTicksOf(pid) === undefined, { timeout_ms: 60_000 })
  // Any other test that begins after the kill may have removed it already.
  removeScratch(scratchDirectory("next"))
  await until("the directory being gone", async () => !existsSync(dirname(socketDirectory)), { timeout_ms: 60_000 })
})
