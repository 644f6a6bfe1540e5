import { relative } from "node:path"
import { expect, test } from "vitest"
import { generatedFiles } from "../../chart/schema/generate.ts"
import { chartDirectory, chartFile, render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, configOf, containersOf, type KubernetesObject, podsOf } from "./support/objects.ts"

const readme = chartFile("README.md")
const objects = await render(await mainHelm())

/** Thousandths of a core, or MiB. */
function amount(quantity: string): number {
  const [, digits = "0", unit = ""] = /^(\d+)(m|Mi|Gi)?$/.exec(quantity) ?? []
  return Number(digits) * (unit === "Gi" ? 1024 : unit === "" ? 1000 : 1)
}

function requests(resources: readonly (Record<string, string> | undefined)[]): string {
  const sum = (name: string) => resources.reduce((total, one) => total + amount(one?.[name] ?? "0m"), 0)
  return `${sum("cpu")}m CPU and ${sum("memory")}Mi memory`
}

test("schema and values table are those of the values file", () => {
  for (const { path, content } of generatedFiles()) {
    expect(chartFile(relative(chartDirectory, path))).toBe(content)
  }
})

test("the README tells what a default installation asks for", () => {
  const lasting = podsOf(objects).filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
  const total = requests(lasting.flatMap(containersOf).map(({ resources }) => resources?.requests))
  expect(readme).toContain(`In total ${total} while it runs.`)
  const sessions = at(JSON.parse(configOf(objects)), "sessions")
  const session = ["resources", "sidecarResources.auth", "sidecarResources.workspace-init"].map((path) =>
    at(sessions, `${path}.requests`),
  )
  expect(readme).toContain(`Each session asks for ${requests(session as Record<string, string>[])} more`)
})

test("the README names every object of a default installation, and no other", () => {
  const [, section = ""] = /## What a default installation makes\n([\s\S]*?)\n## /.exec(readme) ?? []
  const named = new Set([...section.matchAll(/`([a-z-]+)`/g)].map((match) => match[1] ?? ""))
  const made = (object: KubernetesObject) => !["Pod", "PersistentVolumeClaim"].includes(object.kind)
  const names = new Set(objects.filter(made).map(({ metadata }) => metadata.name))
  for (const secret of ["better-auth", "berth-encryption", "berth-admin", "berth-broker-tls"]) names.add(secret)
  expect([...named].sort()).toEqual([...names].sort())
})
