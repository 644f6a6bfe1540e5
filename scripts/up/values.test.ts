import { describe, expect, it } from "vitest"
import { demoHosts, demoManifests, demoProvider } from "../../dev/demo/manifests.ts"
import { imageSources } from "../../dev/images/catalog.ts"
import { fullname } from "./names.ts"
import { chartValues, type ValuesInput } from "./values.ts"

const images = imageSources.map((source) => ({ ...source, tag: "t1", reference: `${source.name}:t1` }))
const input: ValuesInput = {
  images,
  registry: "",
  ownPostgres: true,
  host: "127.0.0.1",
  nodePort: 30080,
  replicas: 2,
  providers: { demo: demoProvider("berth-demo") },
  providerKeysSecret: "keys",
  demoGitHost: demoHosts("berth-demo").git,
  allowedPrivateHosts: Object.values(demoHosts("berth-demo")),
}

describe("the generated values", () => {
  it("name the built images, the node port and the demo", () => {
    expect(chartValues(input)).toMatchObject({
      controlPlane: { image: { tag: "t1" }, replicaCount: 2, host: "127.0.0.1", insecureHttp: true },
      service: { type: "NodePort", nodePort: 30080 },
      postgresql: { image: { registry: "", repository: "berth/postgres-local", tag: "t1" } },
      providers: { existingSecret: "keys", demo: { options: { baseURL: "http://model.berth-demo.svc/v1" } } },
      git: { hosts: { "git.berth-demo.svc": { scheme: "http" } } },
      broker: { allowedPrivateHosts: ["model.berth-demo.svc", "git.berth-demo.svc"] },
    })
  })

  it("leave PostgreSQL to the chart where a registry is reachable", () => {
    expect(chartValues({ ...input, ownPostgres: false })).not.toHaveProperty("postgresql")
  })

  it("come without a demo model where a real provider is given", () => {
    const kinds = demoManifests({ namespace: "n", image: "i", modelKey: undefined }).map((object) =>
      JSON.stringify(object),
    )
    expect(kinds.filter((text) => /model/.test(text))).toEqual([])
  })

  it("hold no key", () => {
    const manifests = JSON.stringify(demoManifests({ namespace: "n", image: "i", modelKey: "the-key" }))
    expect(manifests.match(/the-key/g)).toHaveLength(1)
    expect(JSON.stringify(chartValues(input))).not.toContain("the-key")
  })
})

describe("the prefix of object names", () => {
  it.each([
    ["berth", "berth"],
    ["my-berth", "my-berth"],
    ["second", "second-berth"],
  ])("of release %s is %s", (release, expected) => expect(fullname(release)).toBe(expected))

  it("is cut and hashed beyond 39 characters", () => {
    const name = fullname("a-release-with-a-name-that-is-much-too-long-x")
    expect(name).toMatch(/^a-release-with-a-name-that-is-[0-9a-f]{8}$/)
    expect(name.length).toBeLessThanOrEqual(39)
  })
})
