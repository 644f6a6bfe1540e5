import { describe, expect, test } from "vitest"
import { type RenderOptions, render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { allowed, type Peer } from "./support/network.ts"
import { type KubernetesObject, podsOf } from "./support/objects.ts"
import { CLOSED, mistakes, OPEN, peersAround } from "./support/reach.ts"
import { mutantsOf } from "./support/weaken.ts"

const helm = await mainHelm()

interface Layout {
  readonly options: RenderOptions
  readonly sessions: string
}
const layouts: Record<string, Layout> = {
  "sessions in the release's namespace": { options: {}, sessions: "release-ns" },
  "sessions in their own namespace": {
    options: { values: { sessionNamespace: { name: "sessions", create: true } } },
    sessions: "sessions",
  },
}

/** The pods of the rendered chart, and a session's with the labels that the control plane gives it. */
function peersOf(objects: readonly KubernetesObject[], sessions: string, release = "berth"): Record<string, Peer> {
  const pod = (owner: string) => {
    const found = podsOf(objects).find((one) => one.owner === owner)
    if (!found) throw new Error(`there is no pod of ${owner}`)
    return found
  }
  const labels = {
    "app.kubernetes.io/name": "berth",
    "app.kubernetes.io/instance": release,
    "app.kubernetes.io/component": "session",
    "berth.dev/release": release,
    "berth.dev/workload": "one",
  }
  return peersAround({
    controlPlane: pod(`Deployment/${release}`),
    postgresql: pod(`StatefulSet/${release}-postgresql`),
    session: { namespace: sessions, labels },
    dns: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  })
}

describe.each(Object.entries(layouts))("%s", (_, { options, sessions }) => {
  test(`${OPEN.length} connections are open and ${CLOSED.length} are closed`, async () => {
    const objects = await render(helm, options)
    expect(mistakes(objects, peersOf(objects, sessions))).toEqual([])
  })

  test("every part of every policy is needed: where one is weaker or gone, the table notices", async () => {
    const objects = await render(helm, options)
    const peers = peersOf(objects, sessions)
    const mutants = mutantsOf(objects)
    expect(mutants.filter(({ policies }) => mistakes(policies, peers).length === 0).map(({ name }) => name)).toEqual([])
    expect(mutants.length).toBeGreaterThan(40)
  })
})

test("an operator's own egress rules and DNS are added, and nothing else opens", async () => {
  const values = {
    sessions: {
      networkPolicy: {
        egress: [{ to: [{ ipBlock: { cidr: "93.184.215.0/24" } }], ports: [{ port: 443 }] }],
        dns: {
          port: 5353,
          to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "elsewhere" } } }],
        },
      },
    },
  }
  const objects = await render(helm, { values })
  expect(mistakes(objects, peersOf(objects, "release-ns"))).toEqual([
    "session -> dns TCP 53 is closed",
    "session -> dns UDP 53 is closed",
    "session -> the node's DNS cache TCP 53 is closed",
    "session -> the node's DNS cache UDP 53 is closed",
    "session -> the internet TCP 443 is open",
  ])
})

test("behind an authenticating proxy, the proxy's port is open and the control plane's is not", async () => {
  const objects = await render(helm, { files: ["auth-proxy"] })
  const { "control plane": controlPlane, "the internet": internet } = peersOf(objects, "release-ns")
  if (!controlPlane || !internet) throw new Error("both are there")
  expect(allowed(objects, internet, controlPlane, 4181)).toBe(true)
  expect(allowed(objects, internet, controlPlane, 8080)).toBe(false)
})

test("who may reach UI and metrics can be narrowed", async () => {
  const objects = await render(helm, { files: ["everything"], values: { networkPolicy: undefined } })
  const peers = peersOf(objects, "agents-sessions", "agents")
  const to = peers["control plane"]
  const from = (namespace: string): Peer => ({ name: namespace, namespace, labels: {}, address: "10.244.1.1" })
  if (!to) throw new Error("it is there")
  expect(["ingress", "elsewhere"].map((name) => allowed(objects, from(name), to, 8080))).toEqual([true, false])
  expect(["monitoring", "elsewhere"].map((name) => allowed(objects, from(name), to, 9090))).toEqual([true, false])
  expect(allowed(objects, { name: "office", address: "10.9.1.1" }, to, 8080)).toBe(true)
})

type Connection = readonly [from: string, to: string, port: number, protocol?: "TCP" | "UDP"]

describe("in a namespace that denies by default", () => {
  const denied = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "default-deny", namespace: "release-ns" },
    spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
  }
  const labelsOf = (objects: readonly KubernetesObject[], owner: string) =>
    podsOf(objects).find((one) => one.owner === owner)?.labels ?? {}
  async function reach(values: object, ownRules: readonly KubernetesObject[] = [denied]) {
    const objects = await render(helm, { values })
    const peers = peersOf(objects, "release-ns")
    const pod = (name: string, owner: string): Peer => ({
      ...{ name, namespace: "release-ns", address: "10.244.9.9" },
      labels: labelsOf(objects, owner),
    })
    const all: Record<string, Peer> = {
      ...peers,
      job: pod("job", "Job/berth-secrets"),
      test: pod("test", "Pod/berth-test"),
    }
    return (from: string, to: string, port: number, protocol = "TCP") => {
      const [source, target] = [all[from], all[to]]
      if (!source || !target) throw new Error(`unknown peer in ${from} -> ${to}`)
      return allowed([...objects, ...ownRules], source, target, port, protocol)
    }
  }
  const NEEDED: readonly Connection[] = [
    ["control plane", "dns", 53, "UDP"],
    ["control plane", "the node's DNS cache", 53, "UDP"],
    ["control plane", "the API server", 443],
    ["control plane", "the API server", 6443],
    ["control plane", "postgresql", 5432],
    ["control plane", "session", 4096],
    ["session", "control plane", 8081],
    ["the ingress controller", "control plane", 8080],
    ["job", "dns", 53, "UDP"],
    ["job", "the API server", 443],
    ["test", "dns", 53, "UDP"],
    ["test", "control plane", 8080],
    ["test", "control plane", 9090],
  ]
  const egress = (more: object = {}, policy: object = {}) => ({
    controlPlane: { networkPolicy: { egress: { enabled: true, ...more }, ...policy } },
  })

  test("everything that Berth needs is open once its egress is set, and was not before", async () => {
    const [before, after] = [await reach({}), await reach(egress())]
    const closed = (check: typeof before) => NEEDED.filter((row) => !check(...row)).map((row) => row.join(" "))
    expect(closed(after)).toEqual([])
    expect(closed(before)).toHaveLength(NEEDED.length - 2)
  })

  test("nothing else is", async () => {
    const check = await reach(egress({ apiServer: [{ ipBlock: { cidr: "10.96.0.1/32" } }] }))
    expect(check("control plane", "the API server", 443)).toBe(true)
    const others: readonly Connection[] = [
      ["control plane", "the internet", 443],
      ["control plane", "a pod elsewhere", 443],
      ["control plane", "session", 22],
      ["control plane", "postgresql", 22],
      ["control plane", "a pod next to the control plane", 5432],
      ["job", "postgresql", 5432],
      ["job", "the internet", 443],
      ["job", "control plane", 8080],
      ["test", "postgresql", 5432],
      ["test", "the API server", 443],
      ["test", "control plane", 8081],
    ]
    expect(others.filter((row) => check(...row))).toEqual([])
  })

  test("an operator's rules for providers and hosts are added", async () => {
    const rules = [{ to: [{ ipBlock: { cidr: "93.184.215.0/24" } }], ports: [{ port: 5432 }] }]
    expect((await reach(egress({ rules })))("control plane", "the internet", 5432)).toBe(true)
  })

  test("helm test gets through where UI and metrics are for named peers only", async () => {
    const from = [{ ipBlock: { cidr: "192.0.2.0/24" } }]
    const check = await reach({ controlPlane: { networkPolicy: { httpFrom: from, metricsFrom: from } } }, [])
    expect(check("test", "control plane", 8080)).toBe(true)
    expect(check("test", "control plane", 9090)).toBe(true)
    expect(check("test", "control plane", 8081)).toBe(false)
    expect(check("a pod next to the control plane", "control plane", 8080)).toBe(false)
  })
})
