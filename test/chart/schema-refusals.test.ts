import { describe, expect, test } from "vitest"
import { buildSchema } from "../../chart/schema/generate.ts"
import { refusal } from "./support/chart.ts"
import { violationsOf } from "./support/constraints.ts"
import { everyHelm } from "./support/helms.ts"
import { roundsOf } from "./support/rounds.ts"

const schema = buildSchema()
const violations = violationsOf(schema)
const rounds = roundsOf(violations, schema)
const [main, old, newest] = await everyHelm()
if (!main || !old || !newest) throw new Error("three versions of Helm are needed")

/** The faults that Helm names, without the lines that only hold them together. */
function faultsIn(message: string): string[] {
  const lines = message.split("\n").map((line) => line.trim().replace(/^- /, ""))
  const faults = lines.filter((line) => line.startsWith("at '") && !line.endsWith(": validation failed"))
  // What stands below an invalid name repeats the name's pattern.
  return faults.filter((line) => !/^at '': '.*' does not match pattern/.test(line))
}

describe(`${violations.length} wrong values, one for every constraint of the schema, in ${rounds.length} files`, () => {
  test.each(rounds.map((round, index) => ({ index, ...round })))(
    "file $index: every fault is named, and nothing else is",
    async ({ values, violations }) => {
      const message = (await refusal(main, { values })) ?? ""
      const expected = violations.map((violation) => violation.message)
      expect(faultsIn(message).sort()).toEqual(expected.sort())
    },
  )

  test("Helm 4 says the same to all of them", async () => {
    for (const { values, violations } of rounds) {
      const expected = violations.map((violation) => violation.message)
      expect(faultsIn((await refusal(newest, { values })) ?? "").sort()).toEqual(expected.sort())
    }
  })

  test("Helm 3.17, with its other validator, refuses them at the same places", async () => {
    for (const { values, violations } of rounds) {
      const message = (await refusal(old, { values })) ?? ""
      const missing = violations.filter(({ constraint, path }) => {
        const place = constraint === "additionalProperties" || constraint === "propertyNames" ? path.slice(0, -1) : path
        return !message.includes(`- ${place.join(".") || "(root)"}: `)
      })
      expect(missing).toEqual([])
    }
  })
})
