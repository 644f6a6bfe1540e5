import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { buildSchema, defaultsOf } from "../../chart/schema/generate.ts"
import type { JsonObject } from "../../chart/schema/json.ts"
import { chartDirectory, parseManifests, renderText } from "./support/chart.ts"
import { everyHelm } from "./support/helms.ts"
import { at, configOf, type KubernetesObject } from "./support/objects.ts"
import { nested, overlay } from "./support/values.ts"

const helms = await everyHelm()
const [helm] = helms
if (!helm) throw new Error("Helm is needed")
const schema = buildSchema()
const keys = Object.keys(defaultsOf(schema))

/** Keys that hold other keys, dotted. */
function sectionsOf(node: JsonObject, path = ""): string[] {
  return Object.entries((node["properties"] ?? {}) as Record<string, JsonObject>).flatMap(([key, child]) => {
    const own = path === "" ? key : `${path}.${key}`
    return "default" in child || !child["properties"] ? [] : [own, ...sectionsOf(child, own)]
  })
}

const sections = sectionsOf(schema)
const nulls = (some: readonly string[]) => some.map((key) => nested(key, null)).reduce(overlay, {})
/** What one key at a time would be is done for many at once: each is filled in by itself. */
const depths = [...new Set(sections.map((key) => key.split(".").length))]
const usual = renderText(helm, {})

describe(`null is the default, for ${keys.length} keys and ${sections.length} sections`, () => {
  test.each(helms)("every key at once, with Helm $version", async (one) => {
    expect(await renderText(one, { values: nulls(keys) })).toBe(await renderText(one))
  })

  test.each(depths)("every section at depth %s at once", async (depth) => {
    const some = sections.filter((key) => key.split(".").length === depth)
    expect(await renderText(helm, { values: nulls(some) })).toBe(await usual)
  })

  test("whatever another file set before", async () => {
    expect(await renderText(helm, { files: ["everything"], values: nulls(keys) })).toBe(await usual)
  })

  test.concurrent.each([...keys, ...sections, "global", "enabled"].filter((_, index) => index % 8 === 0))(
    "%s alone",
    async (key) => {
      expect(await renderText(helm, { values: nested(key, null) })).toBe(await usual)
    },
  )

  test("as Terraform writes it for a public client", async () => {
    const values = { oidc: { publicClient: true, clientSecret: { create: false, name: null, key: null } } }
    const names = { fullnameOverride: "cake-agents" }
    const objects = parseManifests(
      await renderText(helm, { files: ["compat-minimal"], values: { ...names, ...values } }),
    )
    for (const kind of ["Deployment", "Service", "ServiceAccount"]) {
      const named = objects.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name)
      expect(named, kind).toContain("cake-agents")
    }
  })

  describe("in a chart that this one is a part of", () => {
    const parent = mkdtempSync(join(tmpdir(), "berth-parent-"))
    afterAll(() => rmSync(parent, { recursive: true }))
    cpSync(chartDirectory, join(parent, "charts/berth"), { recursive: true })
    const dependencies = [{ name: "berth", version: "0.1.0" }]
    writeFileSync(
      join(parent, "Chart.yaml"),
      JSON.stringify({ apiVersion: "v2", name: "parent", version: "1.0.0", dependencies }),
    )

    test.each(helms)("every key at once, with Helm $version", async (one) => {
      expect(await renderText(one, { chart: parent, values: { berth: nulls(keys) } })).toBe(
        await renderText(one, { chart: parent }),
      )
    })
  })
})

test("null inside of a default takes a field away, as for platforms that choose user ids", async () => {
  const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null }
  const objects = parseManifests(await renderText(helm, { values: { controlPlane: { podSecurityContext } } }))
  const deployment = objects.find(({ kind }) => kind === "Deployment") as KubernetesObject
  expect(at(deployment, "spec.template.spec.securityContext")).toEqual({
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  })
  expect(configOf(objects)).not.toContain("null")
})
