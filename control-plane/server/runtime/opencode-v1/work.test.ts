import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { WORST, type Work } from "../../../../test/support/runtime/worst.ts"

/** Types in which something of an agent's comes in. */
const FROM_AGENTS =
  /\b(?:unknown|Fields|Buffer|StreamedEvent|ReadPart|ReadMessage|Header|Part|Change|Snapshot|PastMessage|Readable|raw: string|delta: string)\b/
/** Functions that only look at what we made ourselves. */
const OURS = ["isTooLarge"]

/** Every exported function, and every public method, with a parameter of such a type. */
function readers(): string[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".ts") && !name.includes(".test."))
  return files.flatMap((name) => {
    const source = readFileSync(`${import.meta.dirname}/${name}`, "utf8")
    const functions = [...source.matchAll(/^export (?:async )?function\*? (\w+)(?:<[^(]*>)?\(([^)]*)\)/gm)]
    const classes = [...source.matchAll(/^export class (\w+)[\s\S]*?^}/gm)]
    const methods = classes.flatMap(([body, className]) =>
      [...body.matchAll(/^ {2}(?:async )?(?!constructor)(\w+)(?:<[^(]*>)?\(([^)]*)\)/gm)].map(
        ([, method, parameters]) => [`${className}.${method}`, parameters] as const,
      ),
    )
    return [...functions.map(([, own, parameters]) => [own, parameters] as const), ...methods].flatMap(
      ([own = "", parameters = ""]) => (FROM_AGENTS.test(parameters) ? [own] : []),
    )
  })
}

const TRIES = 3
const TIMES_MORE = 4
/** Some kernels count CPU time in steps of this. */
const CLOCK_STEP_MS = 5
/** In linear code the ratio is 4, in quadratic code 16. */
const RATIO_MAX = 9
/** What may hold everybody's requests is 50 ms; CI machines are slower, quadratic code takes seconds. */
const CPU_MS_MAX = 150

async function leastCpu_ms(work: Work, size: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let tried = 0; tried < TRIES; tried++) {
    const run = work(Math.floor(size))
    const before = process.threadCpuUsage()
    await run()
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

test("every function that reads what an agent sends has its worst input", () => {
  const missing = readers().filter((name) => !OURS.includes(name) && !Object.hasOwn(WORST, name))
  expect(readers().length).toBeGreaterThan(30)
  expect(missing).toEqual([])
})

describe("the worst input that an agent may send", () => {
  test.each(Object.entries(WORST))("costs %s no more than its size", async (_, { size_max, pieces, work }) => {
    const large_ms = await leastCpu_ms(work, size_max)
    const small_ms = await leastCpu_ms(work, size_max / TIMES_MORE)
    const ratio = large_ms / Math.max(small_ms, CLOCK_STEP_MS)
    expect(
      { ratio: ratio < RATIO_MAX, held: pieces === true || large_ms < CPU_MS_MAX },
      `${large_ms} ms, ${small_ms} ms`,
    ).toEqual({
      ratio: true,
      held: true,
    })
  })
})
