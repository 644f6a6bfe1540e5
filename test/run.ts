import { type Layer, layers } from "./runner/layers.ts"
import { createGroups } from "./runner/process.ts"
import { type Count, sum } from "./runner/report.ts"
import { cleanUp, runLayer } from "./runner/run-layer.ts"

const usage = `usage: npm test [-- LAYER…]; layers: ${layers.map(({ name }) => name).join(", ")}`

function chosen(names: readonly string[]): readonly Layer[] {
  if (names.length === 0) return layers
  const unknown = names.find((name) => !layers.some((layer) => layer.name === name))
  if (unknown !== undefined) {
    console.error(`there is no layer "${unknown}"\n${usage}`)
    process.exit(2)
  }
  return layers.filter(({ name }) => names.includes(name))
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
