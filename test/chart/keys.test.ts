import { describe, expect, test } from "vitest"
import { buildSchema } from "../../chart/schema/generate.ts"
import type { JsonObject } from "../../chart/schema/json.ts"
import { featureKeys } from "./keys/feature-keys.ts"
import { plainKeys } from "./keys/plain-keys.ts"
import { sessionKeys } from "./keys/session-keys.ts"
import { render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { podsOf } from "./support/objects.ts"
import { nested, overlay } from "./support/values.ts"

const helm = await mainHelm()
const sections = [...plainKeys, ...sessionKeys, ...featureKeys]

/** Objects as text, by `Kind/name`, without the copies that the check before an installation gets (see preflight.test.ts). */
async function objectsWith(values: object): Promise<Map<string, string>> {
  const objects = (await render(helm, { values })).filter(({ metadata }) => !metadata.name.endsWith("-preflight"))
  for (const { spec } of podsOf(objects)) {
    if (spec.initContainers?.[0]?.name === "preflight") spec.initContainers[0].env = []
  }
  return new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, JSON.stringify(object)]))
}

const rendered = new Map<object, Promise<Map<string, string>>>()
/** The same, made once for each object of values. */
function objectsOf(values: object): Promise<Map<string, string>> {
  const found = rendered.get(values) ?? objectsWith(values)
  rendered.set(values, found)
  return found
}

describe.each(sections)("with $with", ({ with: base, rows }) => {
  const cases = rows.map(([key, value, changes, also]) => ({ key, value, changes, also: also ?? {} }))

  test.concurrent.each(cases)("$key: $value changes $changes", async ({ key, value, changes, also }) => {
    const [old, fresh] = await Promise.all([
      objectsOf(base),
      objectsWith(overlay(overlay(base, also), nested(key, value))),
    ])
    const changed = [...new Set([...old.keys(), ...fresh.keys()])]
      .filter((id) => old.get(id) !== fresh.get(id))
      .map((id) => (!old.has(id) ? `+${id}` : !fresh.has(id) ? `-${id}` : id))
    const added = changed.map((id) => fresh.get(id.replace(/^\+/, "")) ?? "").join("\n")
    if (changes === "*") expect(changed.length).toBe(old.size + fresh.size)
    else expect(changed.sort()).toEqual(changes.split(" ").sort())
    // What was written is what arrives. Values that are easy to find are marked so.
    const mark = /changed|77/.exec(JSON.stringify(value))?.[0]
    if (mark !== undefined && changes !== "*") expect(added).toContain(mark)
  })
})

test("every key of the values file has its row", () => {
  const keys = leavesOf("", buildSchema())
  const tested = sections.flatMap(({ rows }) => rows.map(([key]) => key))
  expect(tested.sort()).toEqual(keys.sort())
  console.log(`${keys.length} keys, each changes what it should and nothing else`)
})

/** Keys with a default, dotted. What a parent chart adds is no key of ours. */
function leavesOf(path: string, node: JsonObject): string[] {
  if (path === "global" || path === "enabled") return []
  if ("default" in node) return [path]
  const properties = (node["properties"] ?? {}) as Record<string, JsonObject>
  return Object.entries(properties).flatMap(([key, child]) => leavesOf(path === "" ? key : `${path}.${key}`, child))
}
