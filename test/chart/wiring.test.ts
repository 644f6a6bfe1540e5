import { beforeAll, describe, expect, test } from "vitest"
import { parseConfig } from "../../control-plane/server/config/parse.ts"
import { readProfiles } from "../../control-plane/server/credentials/profiles/read.ts"
import { readExtras } from "../../control-plane/server/workloads/render/extras.ts"
import { parsePlan } from "../../secrets-job/plan.ts"
import { chartFile, render, renderText, valuesFiles } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, configOf, containersOf, find, idOf, type KubernetesObject, ofKind, podsOf } from "./support/objects.ts"

const helm = await mainHelm()

/** Values that a real Secret would hold, where the control plane looks at more than their presence. */
const SECRET_VALUES: Readonly<Record<string, string>> = {
  BETTER_AUTH_SECRET: "x".repeat(43),
  BERTH_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString("base64"),
  BERTH_ADMIN_EMAIL: "admin@berth.local",
  DATABASE_URL: "postgres://berth:secret@database:5432/berth",
  PGHOST: "database",
  PGPORT: "5432",
  PGSSLMODE: "require",
}

describe.each(valuesFiles)("with chart/ci/%s-values.yaml", (file) => {
  let objects: KubernetesObject[] = []
  beforeAll(async () => {
    objects = await render(helm, { files: [file] })
  })

  test("the control plane accepts the configuration that the chart writes", () => {
    const container = find(objects, "Deployment", nameOf(objects))
    const [{ env = [] } = { env: [] }] = podsOf([container]).flatMap(containersOf)
    const optional = (name: string) => env.find((one) => one.name === name)?.valueFrom?.secretKeyRef?.optional === true
    const environment = Object.fromEntries(
      env.map(({ name, value }) => [name, value ?? SECRET_VALUES[name] ?? (optional(name) ? undefined : "some value")]),
    )
    const scaffold = optional("OIDC_CLIENT_SECRET") ? { OIDC_CLIENT_SECRET: "filled in by hand" } : {}
    const config = parseConfig({ ...environment, ...scaffold }, () => configOf(objects))
    expect(config.file.release).toBe(nameOf(objects))
    // What it checks when it first uses it: additions to session pods, and credential profiles.
    const faults = [...readExtras(config.file).faults]
    readProfiles(config.file.credentials, faults)
    expect(faults).toEqual([])
  })

  test("every Secret and ConfigMap that a pod wants is made, or was named in the values file", () => {
    const named = chartFile("ci", `${file}-values.yaml`)
    const made = new Set(
      ["ConfigMap", "Secret"].flatMap((kind) => ofKind(objects, kind)).map(({ metadata }) => metadata.name),
    )
    for (const external of ofKind(objects, "ExternalSecret")) made.add(String(at(external, "spec.target.name")))
    for (const name of planned(objects)) made.add(name)
    const wanted = podsOf(objects).flatMap(({ spec }) => [
      ...spec.containers.flatMap(({ env }) =>
        (env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
      ),
      ...(spec.volumes ?? []).flatMap(({ secret, configMap, projected }) => [
        ...[secret?.secretName, configMap?.name].filter((name) => name !== undefined),
        ...(projected?.sources ?? []).flatMap((source) => source.secret?.name ?? []),
      ]),
    ])
    const defaults = chartFile("values.yaml")
    const missing = wanted.filter(
      (name) => !made.has(name) && !named.includes(`: ${name}\n`) && !defaults.includes(`name: ${name}\n`),
    )
    expect(missing).toEqual([])
  })

  test("no Secret has two sources", () => {
    const sources = [
      ...ofKind(objects, "Secret").map(({ metadata }) => metadata.name),
      ...ofKind(objects, "ExternalSecret").map((external) => String(at(external, "spec.target.name"))),
      ...planned(objects),
    ]
    expect(sources).toEqual([...new Set(sources)])
  })

  test("the Job may touch exactly the Secrets that it makes, and its own ConfigMap", () => {
    const jobs = ofKind(objects, "Job")
    if (jobs.length === 0) return
    const rules = at(find(objects, "Role", `${nameOf(objects)}-secrets`), "rules") as {
      resourceNames?: string[]
      verbs: string[]
    }[]
    const plan = planOf(objects)
    const written = rules.filter(({ verbs }) => verbs.includes("patch"))
    expect(written.flatMap(({ resourceNames }) => resourceNames ?? []).sort()).toEqual(
      [...new Set([plan.brokerTls.secret, ...plan.secrets.map(({ name }) => name)])].sort(),
    )
    const [create, patch, ...others] = rules.map(({ verbs }) => verbs)
    expect([create, patch]).toEqual([["create"], ["get", "patch"]])
    for (const verbs of others) expect(verbs).toEqual(["get"])
    const map = ofKind(objects, "Role").find(({ metadata }) => metadata.name.endsWith("-broker-ca"))
    expect(map?.metadata.namespace).toBe(plan.brokerCa.namespace)
    expect(at(map, "rules.1.resourceNames")).toEqual([plan.brokerCa.configMap])
  })

  test("no secret value stands in a manifest, unless the values file has it", async () => {
    const text = await renderText(helm, { files: [file] })
    const withData = ofKind(objects, "Secret").filter((secret) => secret["stringData"] || secret["data"])
    const given = file === "database-ephemeral"
    expect(withData.map(idOf).length > 0).toBe(given)
    expect(text).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY/)
  })
})

test("every image can be taken from somewhere else", async () => {
  const image = (name: string) => ({ registry: "mirror.example.com", repository: `all/${name}`, tag: "moved" })
  const values = {
    controlPlane: { image: image("control-plane") },
    dataPlane: { image: image("data-plane") },
    dataPlaneInit: { image: image("init") },
    authHelpers: { image: image("auth") },
    postgresql: { image: image("postgres") },
  }
  const objects = await render(helm, { values })
  const config: unknown = JSON.parse(configOf(objects))
  const images = [
    ...podsOf(objects)
      .flatMap(containersOf)
      .map((container) => container.image),
    ...["dataPlane", "dataPlaneInit", "auth"].map((name) => String(at(config, `images.${name}`))),
  ]
  expect(images.length).toBe(8)
  expect(images.filter((reference) => !/^mirror\.example\.com\/all\/[a-z-]+:moved$/.test(reference))).toEqual([])
})

test("an image's tag is its own, then image.tag, then the chart's appVersion", async () => {
  const tagWith = async (values: object) => podsOf(await render(helm, { values })).flatMap(containersOf)[0]?.image
  const appVersion = /^appVersion: (.*)$/m.exec(chartFile("Chart.yaml"))?.[1]
  expect(await tagWith({ postgresql: { enabled: false }, externalDatabase: { existingSecret: "db" } })).toBe(
    `berth/control-plane:${appVersion}`,
  )
  const external = { postgresql: { enabled: false }, externalDatabase: { existingSecret: "db" } }
  expect(await tagWith({ ...external, image: { tag: "1" } })).toBe("berth/control-plane:1")
  expect(await tagWith({ ...external, image: { tag: "1" }, controlPlane: { image: { tag: "2" } } })).toBe(
    "berth/control-plane:2",
  )
})

function nameOf(objects: readonly KubernetesObject[]): string {
  const [deployment] = ofKind(objects, "Deployment")
  return deployment?.metadata.name ?? ""
}

function planOf(objects: readonly KubernetesObject[]) {
  const env = podsOf(ofKind(objects, "Job"))
    .flatMap(containersOf)
    .flatMap((container) => container.env ?? [])
  return parsePlan(env.find(({ name }) => name === "BERTH_SECRETS_PLAN")?.value)
}

function planned(objects: readonly KubernetesObject[]): string[] {
  if (ofKind(objects, "Job").length === 0) return []
  const { secrets, brokerTls } = planOf(objects)
  return [...secrets.map(({ name }) => name), ...(brokerTls.create ? [brokerTls.secret] : [])]
}
