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
