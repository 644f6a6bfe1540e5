import { describe, expect, test } from "vitest"
import { type RenderOptions, render } from "./support/chart.ts"
import { mainHelm } from "./support/helms.ts"
import { allowed, type Peer } from "./support/network.ts"
import { at, type KubernetesObject, ofKind, podsOf } from "./support/objects.ts"

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

/** Everybody who might talk to somebody, as pods of the rendered chart or as strangers. */
function peersOf(objects: readonly KubernetesObject[], sessions: string, release = "berth"): Record<string, Peer> {
  const pod = (owner: string): Peer => {
    const found = podsOf(objects).find((one) => one.owner === owner)
    if (!found) throw new Error(`there is no pod of ${owner}`)
    return { name: owner, namespace: found.namespace, labels: found.labels, address: "10.244.0.2" }
  }
  const session = (name: string, of: string): Peer => {
    // The labels that the control plane gives to a session's pod.
    const labels = {
      "app.kubernetes.io/name": "berth",
      "app.kubernetes.io/instance": of,
      "app.kubernetes.io/component": "session",
      "berth.dev/release": of,
      "berth.dev/workload": name,
    }
    return { name, namespace: sessions, labels, address: "10.244.0.3" }
  }
  return {
    "control plane": pod(`Deployment/${release}`),
    postgresql: pod(`StatefulSet/${release}-postgresql`),
    session: session("one", release),
    "another session": session("two", release),
    "a session of another release": session("three", "other"),
    dns: { name: "dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" }, address: "10.244.0.4" },
    "a pod next to the sessions": {
      name: "neighbour",
      namespace: sessions,
      labels: { app: "x" },
      address: "10.244.0.5",
    },
    "a pod elsewhere": { name: "elsewhere", namespace: "elsewhere", labels: { app: "x" }, address: "10.244.0.6" },
    "a pod that calls itself a session": {
      name: "pretender",
      namespace: "elsewhere",
      labels: session("one", release).labels ?? {},
      address: "10.244.0.7",
    },
    "the ingress controller": {
      name: "ingress",
      namespace: "ingress",
      labels: { app: "ingress" },
      address: "10.244.0.8",
    },
    "the API server": { name: "apiserver", address: "10.96.0.1" },
    metadata: { name: "metadata", address: "169.254.169.254" },
    "the node's DNS cache": { name: "nodelocal", address: "169.254.20.10" },
    "the internet": { name: "internet", address: "93.184.215.14" },
  }
}

type Row = readonly [from: string, to: string, port: number, protocol?: "UDP"]

const OPEN: readonly Row[] = [
  ["the ingress controller", "control plane", 8080],
  ["the internet", "control plane", 8080],
  ["a pod elsewhere", "control plane", 9090],
  ["session", "control plane", 8081],
  ["session", "dns", 53],
  ["session", "dns", 53, "UDP"],
  ["session", "the node's DNS cache", 53, "UDP"],
  ["control plane", "session", 4096],
  ["control plane", "postgresql", 5432],
  ["control plane", "the API server", 443],
  ["control plane", "the internet", 443],
]

const CLOSED: readonly Row[] = [
  ["session", "control plane", 8080],
  ["session", "control plane", 9090],
  ["session", "control plane", 4180],
  ["session", "postgresql", 5432],
  ["session", "another session", 4096],
  ["session", "another session", 7071],
  ["session", "a session of another release", 4096],
  ["session", "a pod next to the sessions", 80],
  ["session", "a pod elsewhere", 443],
  ["session", "dns", 9153],
  ["session", "a pod elsewhere", 53],
  ["session", "metadata", 80],
  ["session", "metadata", 53],
  ["session", "the API server", 443],
  ["session", "the API server", 6443],
  ["session", "the internet", 443],
  ["session", "the internet", 53],
  ["control plane", "session", 7071],
  ["control plane", "session", 22],
  ["a session of another release", "control plane", 8081],
  ["a pod that calls itself a session", "control plane", 8081],
  ["a pod next to the sessions", "control plane", 8081],
  ["a pod elsewhere", "control plane", 8081],
  ["the internet", "control plane", 8081],
  ["the internet", "control plane", 9090],
  ["a pod next to the sessions", "session", 4096],
  ["a pod elsewhere", "session", 4096],
  ["the ingress controller", "session", 4096],
  ["a pod elsewhere", "postgresql", 5432],
  ["a pod next to the sessions", "postgresql", 5432],
  ["postgresql", "the internet", 443],
  ["postgresql", "control plane", 8080],
]

function mistakes(objects: readonly KubernetesObject[], peers: Record<string, Peer>): string[] {
  const check = (rows: readonly Row[], expected: boolean) =>
    rows.flatMap(([from, to, port, protocol = "TCP"]) => {
      const [source, target] = [peers[from], peers[to]]
      if (!source || !target) throw new Error(`unknown peer in ${from} -> ${to}`)
      const open = allowed(objects, source, target, port, protocol)
      return open === expected ? [] : [`${from} -> ${to} ${protocol} ${port} is ${open ? "open" : "closed"}`]
    })
  return [...check(OPEN, true), ...check(CLOSED, false)]
}

describe.each(Object.entries(layouts))("%s", (_, { options, sessions }) => {
  test(`${OPEN.length} connections are open and ${CLOSED.length} are closed`, async () => {
    const objects = await render(helm, options)
    expect(mistakes(objects, peersOf(objects, sessions))).toEqual([])
  })

  test("every rule of every policy is needed: without it, the table notices", async () => {
    const objects = await render(helm, options)
    const peers = peersOf(objects, sessions)
    let mutants = 0
    for (const policy of ofKind(objects, "NetworkPolicy")) {
      const others = objects.filter((object) => object !== policy)
      expect(mistakes(others, peers), `without ${policy.metadata.name}`).not.toEqual([])
      for (const side of ["ingress", "egress"]) {
        const rules = (at(policy, `spec.${side}`) ?? []) as unknown[]
        for (const [index] of rules.entries()) {
          const spec = { ...(policy["spec"] as object), [side]: rules.toSpliced(index, 1) }
          expect(
            mistakes([...others, { ...policy, spec }], peers),
            `${policy.metadata.name} ${side} ${index}`,
          ).not.toEqual([])
          mutants++
        }
      }
    }
    expect(mutants).toBe(7)
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
