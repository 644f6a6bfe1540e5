import { globSync } from "node:fs"
import { repositoryRoot } from "../scripts/lib/paths.ts"
import { chooseLayers, UsageError, usage } from "./runner/choose.ts"
import type { Layer } from "./runner/layers.ts"
import { createGroups } from "./runner/process.ts"
import { type Count, sum } from "./runner/report.ts"
import { cleanUp, runLayer } from "./runner/run-layer.ts"

function chosen(words: readonly string[]): readonly Layer[] {
  try {
    return chooseLayers(words, globSync("**/*.test.{ts,tsx}", { cwd: repositoryRoot, exclude: ["**/node_modules/**"] }))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n${usage}`)
    process.exit(2)
  }
}

const groups = createGroups()
let current: Layer | undefined

let stopping = false

/** A signal comes twice where npm passes on what its whole group was sent. */
async function stop(status: number): Promise<void> {
  if (stopping) return
  stopping = true
  await groups.endAll()
  if (current !== undefined) await cleanUp(current, createGroups())
  process.exit(status)
}

for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.on(signal, () => void stop(128 + number))
}

const counts: Count[] = []
for (const layer of chosen(process.argv.slice(2))) {
  current = layer
  counts.push(await runLayer(layer, groups))
}
const { passed, failed } = sum(counts)
process.exitCode = failed > 0 ? 1 : 0
console.log(`${passed} passed, ${failed} failed`)
