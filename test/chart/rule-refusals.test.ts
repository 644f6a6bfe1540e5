import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { chartDirectory, chartFile, refusal } from "./support/chart.ts"
import { everyHelm } from "./support/helms.ts"
import { wrongValues } from "./support/wrong-values.ts"

const helms = await everyHelm()
const [main] = helms
if (!main) throw new Error("Helm is needed")

/** The faults of the validation template, in its order. */
function faultsIn(message: string): string[] {
  return [...message.matchAll(/^ {2}- (.*)$/gm)].map((match) => match[1] ?? "")
}

/** Every message of the validation templates, as a pattern: `%s`, `%q` and `%d` stand for anything. */
const rules = readdirSync(join(chartDirectory, "templates/_lib"))
  .filter((name) => name.startsWith("_validate"))
  .flatMap((name) => [
    ...chartFile("templates/_lib", name).matchAll(/append \$faults (?:\(printf )?"((?:[^"\\]|\\.)*)"/g),
  ])
  .map((match) => (match[1] ?? "").replaceAll('\\"', '"'))

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
const patternOf = (rule: string) =>
  new RegExp(
    `^${rule
      .split(/%[sqd]/)
      .map(escaped)
      .join(".+")}$`,
  )

describe(`${wrongValues.length} values files that do not fit together`, () => {
  test.each(wrongValues)("$faults", async ({ values, faults }) => {
    const message = (await refusal(main, { values })) ?? ""
    expect(faultsIn(message)).toEqual(faults)
    expect(message).toContain("The values do not fit together:")
  })

  test(`break each of the ${rules.length} rules at least once`, () => {
    const messages = wrongValues.flatMap(({ faults }) => faults)
    expect(rules.filter((rule) => !messages.some((message) => patternOf(rule).test(message)))).toEqual([])
    expect(rules.length).toBeGreaterThan(40)
  })

  test("are refused in the same words by every Helm", async () => {
    for (const { values, faults } of wrongValues.filter((_, index) => index % 5 === 0)) {
      for (const helm of helms) expect(faultsIn((await refusal(helm, { values })) ?? "")).toEqual(faults)
    }
  })
})

test("many faults come out together", async () => {
  const values = {
    ingress: { enabled: true },
    postgresql: { enabled: false },
    sessionNamespace: { create: true },
    controlPlane: { deployment: { extraEnv: [{ name: "BERTH_LOG_LEVEL", value: "debug" }] } },
  }
  expect(faultsIn((await refusal(main, { values })) ?? "")).toEqual([
    "ingress.enabled needs controlPlane.host (or ingress.hosts)",
    "there is no database: set externalDatabase.existingSecret, or postgresql.enabled=true",
    "sessionNamespace.create needs sessionNamespace.name",
    "controlPlane.deployment.extraEnv sets BERTH_LOG_LEVEL, which the chart sets itself",
  ])
})
