import { expect, test } from "vitest"
import { buildSchema } from "../../chart/schema/generate.ts"
import type { JsonObject } from "../../chart/schema/json.ts"
import { type RenderOptions, render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { at, configOf, containersOf, type KubernetesObject, ofKind, podsOf } from "./support/objects.ts"

const helm = await mainHelm()
const schema = buildSchema()

/** Where a value stands that is no text, although the same place holds text in `usual`. */
function lostTexts(usual: readonly KubernetesObject[], odd: readonly KubernetesObject[]): string[] {
  const kinds = (objects: readonly KubernetesObject[]) =>
    new Map(objects.flatMap((object, index) => leaves(object, `${index} ${object.kind}`)))
  const before = kinds(usual)
  return [...kinds(odd)].filter(([place, kind]) => kind !== "string" && before.get(place) === "string").map(([p]) => p)
}

function leaves(value: unknown, place: string): [string, string][] {
  if (typeof value !== "object" || value === null) return [[place, typeof value]]
  return Object.entries(value).flatMap(([key, child]) => leaves(child, `${place}.${key}`))
}

const inOrder = (objects: readonly KubernetesObject[]) => objects.toSorted((a, b) => a.kind.localeCompare(b.kind))

test.each(["default", "everything", "httproute", "istio", "eso-generator", "eso-store", "helpers"])(
  "a release called on in a namespace called 1234, with sessions in 1e3, is made of text: %s",
  async (file) => {
    const options: RenderOptions = { files: [file] }
    const plain = { sessionNamespace: { name: "plain", create: true }, fullnameOverride: "" }
    const odd = { sessionNamespace: { name: "1e3", create: true }, fullnameOverride: "no" }
    const usual = await render(helm, { ...options, values: plain })
    const made = await render(helm, { ...options, release: "on", namespace: "1234", values: odd })
    expect(lostTexts(inOrder(usual), inOrder(made))).toEqual([])
    expect(made.every(({ metadata }) => typeof metadata.name === "string")).toBe(true)
  },
)

/** Every key that takes a name, with that name. */
function namesOf(node: JsonObject, name: string): JsonObject {
  const entries = Object.entries((node["properties"] ?? {}) as Record<string, JsonObject>).flatMap<
    [string, string | JsonObject]
  >(([key, child]) => {
    if (child["properties"]) return [[key, namesOf(child, name)]]
    const taken = child["type"] === "string" && /^\^[(]?\[-?[a-zA-Z._]/.test(String(child["pattern"]))
    return taken ? [[key, name]] : []
  })
  return Object.fromEntries(entries)
}

test.each(["everything", "istio", "eso-store"])("names that look like numbers stay text: %s", async (file) => {
  const withNames = (name: string) => {
    // What these need beside them, not every file has.
    const { encryption: _, headerAuth: __, externalSecrets, sessions, ...names } = namesOf(schema, name)
    const store = file === "eso-store" ? { externalSecrets } : {}
    // Objects' own names begin with a letter; this one is a boolean of YAML 1.1.
    const own = { fullnameOverride: name === "123" ? "no" : "a123" }
    return { ...names, ...own, ...store, sessions: { ...(sessions as object), authProfile: "" } }
  }
  const usual = await render(helm, { files: [file], values: withNames("a123") })
  const made = await render(helm, { files: [file], values: withNames("123") })
  expect(lostTexts(inOrder(usual), inOrder(made))).toEqual([])
})

test("long numbers arrive digit by digit", async () => {
  const objects = await render(helm, {
    values: {
      github: { app: { id: 12_345_678, clientId: "x", existingSecret: "app" } },
      postgresql: { configuration: { work_mem: 16_777_216, random_page_cost: 1.1, jit: false } },
      sessions: { idleTimeout: 2_592_000 },
    },
  })
  const containers = podsOf(objects).flatMap(containersOf)
  expect(containers.flatMap(({ env }) => env ?? []).find(({ name }) => name === "GITHUB_APP_ID")?.value).toBe(
    "12345678",
  )
  const [database] = ofKind(objects, "StatefulSet")
  expect(at(database, "spec.template.spec.containers.0.args")).toEqual(
    expect.arrayContaining(["jit=false", "random_page_cost=1.1", "work_mem=16777216"]),
  )
  expect(at(JSON.parse(configOf(objects)), "sessions.idleTimeout_s")).toBe(2_592_000)
})

test("a path with a colon and a hash is a path", async () => {
  const values = { controlPlane: { deployment: { livenessProbe: { path: "/health: #x" } } } }
  const [deployment] = ofKind(await render(helm, { values }), "Deployment")
  expect(at(deployment, "spec.template.spec.containers.0.livenessProbe.httpGet.path")).toBe("/health: #x")
})

test("the control plane answers to every host that the chart routes to it", async () => {
  const allowed = async (values: object) => {
    const containers = podsOf(await render(helm, { values })).flatMap(containersOf)
    return containers.flatMap(({ env }) => env ?? []).find(({ name }) => name === "ALLOWED_HOSTS")?.value
  }
  const hosts = [{ host: "a.example.com" }, { host: "*.example.org" }]
  expect(await allowed({ ingress: { enabled: true, hosts } })).toBe("a.example.com,.example.org")
  expect(await allowed({ ingress: { hosts } })).toBe("")
  const httpRoute = { enabled: true, parentRefs: [{ name: "g" }], hostnames: ["b.example.com"] }
  expect(await allowed({ controlPlane: { host: "c.example.com" }, httpRoute })).toBe("c.example.com,b.example.com")
})

test.each(["everything", "httproute", "istio"])(
  "a public address with a port: routes have its name, and addresses that people see have both: %s",
  async (file) => {
    const routesOf = (objects: readonly KubernetesObject[]) =>
      objects
        .filter(({ kind }) => ["Ingress", "HTTPRoute", "Gateway", "VirtualService"].includes(kind))
        .map(({ kind, spec }) => ({ kind, spec }))
    const host = { ingress: { hosts: [] }, httpRoute: { hostnames: [] } }
    const plain = await render(helm, {
      files: [file],
      values: { ...host, controlPlane: { host: "berth.example.com" } },
    })
    const odd = await render(helm, {
      files: [file],
      values: { ...host, controlPlane: { host: "berth.example.com:8443" } },
    })
    expect(routesOf(odd)).toEqual(routesOf(plain))
    expect(JSON.parse(configOf(odd))).toMatchObject({ public: { host: "berth.example.com:8443" } })
  },
)
