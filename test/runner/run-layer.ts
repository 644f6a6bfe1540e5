import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { ensureDebianPackages, ensureTools } from "../../dev/tools/index.ts"
import { Failure, messageOf } from "../../scripts/lib/failure.ts"
import { repositoryRoot } from "../../scripts/lib/paths.ts"
import { createRun } from "../../scripts/lib/run.ts"
import type { Check, Layer } from "./layers.ts"
import type { Groups } from "./process.ts"
import { type Count, countReport, sum } from "./report.ts"

const after_timeout_ms = 5 * 60_000
const say = (text: string) => console.log(text)

/** Sets up and runs one layer; a layer that cannot be set up has failed once. */
export async function runLayer(layer: Layer, groups: Groups): Promise<Count> {
  const started = performance.now()
  say(`\n== ${layer.name}`)
  const count = await prepare(layer).then(
    () => runTests(layer, groups),
    (error: unknown): Count => {
      say(`✗ ${layer.name} could not be set up: ${messageOf(error)}`)
      if (error instanceof Failure) for (const text of [error.output, error.hint]) if (text) say(text)
      return { passed: 0, failed: 1 }
    },
  )
  const seconds = Math.round((performance.now() - started) / 1000)
  say(`== ${layer.name}: ${count.passed} passed, ${count.failed} failed in ${seconds} s`)
  return count
}

async function prepare(layer: Layer): Promise<void> {
  const context = { run: createRun((text) => process.stdout.write(text)), say }
  await ensureDebianPackages(layer.packages, context)
  await ensureTools(layer.tools, context)
}

/** Removes what an interrupted layer leaves. */
export async function cleanUp({ after }: Layer, groups: Groups): Promise<void> {
  if (after) await runCheck(after, after_timeout_ms, groups)
}

async function runTests(layer: Layer, groups: Groups): Promise<Count> {
  const counts: Count[] = []
  for (const check of layer.checks) counts.push(await runCheck(check, layer.timeout_ms, groups))
  const { name, before, projects = [name] } = layer
  const ready = before && (await runCheck(before, layer.timeout_ms, groups))
  if (ready) counts.push(ready)
  if (ready?.failed) say(`the tests of ${name} are not run: they need that ${before?.name}`)
  else counts.push(...(await Promise.all(projects.map((project) => runVitest(project, layer, groups)))))
  if (layer.after) counts.push(await runCheck(layer.after, after_timeout_ms, groups))
  return sum(counts)
}

async function runCheck({ name, command, args }: Check, timeout_ms: number, groups: Groups): Promise<Count> {
  const status = await groups.run(command, args, timeout_ms)
  say(`${status === 0 ? "✓" : "✗"} ${name}`)
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

async function runVitest(project: string, layer: Layer, groups: Groups): Promise<Count> {
  const directory = join(repositoryRoot, "dist", "test")
  const report = join(directory, `${project}.json`)
  mkdirSync(directory, { recursive: true })
  rmSync(report, { force: true })
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const vitest = join(repositoryRoot, "node_modules", "vitest", "vitest.mjs")
  const status = await groups.run(
    process.execPath,
    [vitest, "run", "--project", project, ...reporters, ...(layer.files ?? [])],
    layer.timeout_ms,
    layer.environment,
  )
  return countReport(report, status)
}
