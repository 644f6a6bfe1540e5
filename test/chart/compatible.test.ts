import { expect, test } from "vitest"
import { parse } from "yaml"
import { chartFile } from "./support/chart.ts"
import { at } from "./support/objects.ts"

/** Dotted paths of everything that is no map with members. */
function leavesOf(value: unknown, path = ""): string[] {
  const members = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  if (members.length === 0) return [path]
  return members.flatMap(([key, child]) => leavesOf(child, path === "" ? key : `${path}.${key}`))
}

test("every key of the compatible values reference has its default here, but for image coordinates and readiness", () => {
  const reference: unknown = parse(chartFile("ci", "compat-reference-values.yaml"))
  const values: unknown = parse(chartFile("values.yaml"))
  const keys = leavesOf(reference)
  const different = keys.filter((key) => JSON.stringify(at(reference, key)) !== JSON.stringify(at(values, key)))
  expect(keys.length).toBeGreaterThan(70)
  expect(different).toEqual([
    "registry.default",
    "image.tag",
    "controlPlane.image.tag",
    // The reference asks /api/health, which also answers without a database: such a replica would get requests.
    "controlPlane.deployment.readinessProbe.path",
    "dataPlane.image.tag",
    "dataPlaneInit.image.tag",
  ])
})
