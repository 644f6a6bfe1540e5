import { allowed, incoming, outgoing, type Peer } from "./network.ts"
import type { KubernetesObject } from "./objects.ts"

/** Who takes part: the pods of one release as they are, with their labels. */
export interface Ends {
  readonly controlPlane: Pod
  readonly postgresql: Pod
  readonly session: Pod
  readonly dns: Pod
}

interface Pod {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** `in` and `out`: one side alone has to decide, because the other one may be missing. */
type Side = "both" | "in" | "out"
type Row = readonly [from: string, to: string, port: number, protocol?: "TCP" | "UDP", side?: Side]

/** By which the pods are known: without one of them it is somebody else's. */
const ofControlPlane = ["app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"]
const ofSession = ["app.kubernetes.io/component", "berth.dev/release"]

/** Everybody who might talk to somebody: the release's pods, pods that look almost like them, and strangers. */
export function peersAround({ controlPlane, postgresql, session, dns }: Ends): Record<string, Peer> {
  const pods = { "control plane": controlPlane, postgresql, session, dns }
  const other = (labels: Record<string, string>): Pod => ({
    namespace: session.namespace,
    labels: { ...session.labels, ...labels },
  })
  const strangers: Record<string, Pod> = {
    "another session": other({ "berth.dev/workload": "two", "berth.dev/session": "two" }),
    "a session of another release": other({ "app.kubernetes.io/instance": "other", "berth.dev/release": "other" }),
    "a pod next to the sessions": { namespace: session.namespace, labels: { app: "x" } },
    "a pod next to the control plane": { namespace: controlPlane.namespace, labels: { app: "x" } },
    "a pod elsewhere": { namespace: "elsewhere", labels: { app: "x" } },
    "a pod that calls itself a session": { namespace: "elsewhere", labels: session.labels },
    "a pod that calls itself the control plane": { namespace: "elsewhere", labels: controlPlane.labels },
    "the ingress controller": { namespace: "ingress", labels: { app: "ingress" } },
    ...almost("control plane", controlPlane, ofControlPlane),
    ...almost("session", session, ofSession),
  }
  const addresses = {
    "the API server": "10.96.0.1",
    metadata: "169.254.169.254",
    "the node's DNS cache": "169.254.20.10",
    "the internet": "93.184.215.14",
  }
  const all = Object.entries({ ...pods, ...strangers }).map(
    ([name, { namespace, labels }], index) =>
      [name, { name, namespace, labels, address: `10.244.0.${index + 2}` }] as const,
  )
  const outside = Object.entries(addresses).map(([name, address]) => [name, { name, address }] as const)
  return Object.fromEntries<Peer>([...all, ...outside])
}

/** Pods beside `pod` that lack one of the labels by which it is known. */
function almost(name: string, { namespace, labels }: Pod, identity: readonly string[]): Record<string, Pod> {
  return Object.fromEntries(
    identity.map((label) => [
      `almost a ${name}: other ${label}`,
      { namespace, labels: { ...labels, [label]: "other" } },
    ]),
  )
}

export const OPEN: readonly Row[] = [
  ["the ingress controller", "control plane", 8080],
  ["the internet", "control plane", 8080],
  ["a pod elsewhere", "control plane", 9090],
  ["session", "control plane", 8081],
  ["session", "dns", 53],
  ["session", "dns", 53, "UDP"],
  ["session", "the node's DNS cache", 53],
  ["session", "the node's DNS cache", 53, "UDP"],
  ["control plane", "session", 4096],
  ["control plane", "postgresql", 5432],
  ["control plane", "the API server", 443],
  ["control plane", "the internet", 443],
]

export const CLOSED: readonly Row[] = [
  ["session", "control plane", 8080],
  ["session", "control plane", 9090],
  ["session", "control plane", 4180],
  ["session", "control plane", 4180, "TCP", "in"],
  ["session", "postgresql", 5432],
  ["session", "another session", 4096],
  ["session", "another session", 7071],
  ["session", "a session of another release", 4096],
  ["session", "a pod next to the sessions", 80],
  ["session", "a pod next to the sessions", 8081],
  ["session", "a pod next to the control plane", 8081],
  ["session", "a pod that calls itself the control plane", 8081],
  ["session", "a pod elsewhere", 443],
  ["session", "dns", 9153],
  ["session", "dns", 9153, "UDP"],
  ["session", "a pod elsewhere", 53],
  ["session", "metadata", 80],
  ["session", "metadata", 53],
  ["session", "the API server", 443],
  ["session", "the API server", 6443],
  ["session", "the internet", 443],
  ["session", "the internet", 53],
  ["control plane", "session", 7071],
  ["control plane", "session", 22],
  ["control plane", "postgresql", 22],
  ["a session of another release", "control plane", 8081],
  ["a pod that calls itself a session", "control plane", 8081],
  ["a pod next to the sessions", "control plane", 8081],
  ["a pod next to the control plane", "control plane", 8081],
  ["a pod elsewhere", "control plane", 8081],
  ["the internet", "control plane", 8081],
  ["the internet", "control plane", 9090],
  ["a pod next to the sessions", "session", 4096],
  ["a pod next to the control plane", "session", 4096],
  ["a pod that calls itself the control plane", "session", 4096],
  ["a pod elsewhere", "session", 4096],
  ["the ingress controller", "session", 4096],
  ["a pod elsewhere", "postgresql", 5432],
  ["a pod next to the sessions", "postgresql", 5432],
  ["a pod next to the control plane", "postgresql", 5432],
  ["a pod that calls itself the control plane", "postgresql", 5432],
  ["postgresql", "the internet", 443],
  ["postgresql", "control plane", 8080],
  ...ofSession.map((label): Row => [`almost a session: other ${label}`, "control plane", 8081]),
  ...ofControlPlane.flatMap((label): Row[] => [
    ["session", `almost a control plane: other ${label}`, 8081],
    [`almost a control plane: other ${label}`, "session", 4096],
    [`almost a control plane: other ${label}`, "postgresql", 5432],
  ]),
]

/** Connections of the two tables that these policies treat otherwise, in words. */
export function mistakes(policies: readonly KubernetesObject[], peers: Readonly<Record<string, Peer>>): string[] {
  const decide = { both: allowed, in: incoming, out: outgoing }
  const check = (rows: readonly Row[], expected: boolean) =>
    rows.flatMap(([from, to, port, protocol = "TCP", side = "both"]) => {
      const [source, target] = [peers[from], peers[to]]
      if (!source || !target) throw new Error(`unknown peer in ${from} -> ${to}`)
      const open = decide[side](policies, source, target, port, protocol)
      return open === expected ? [] : [`${from} -> ${to} ${protocol} ${port} is ${open ? "open" : "closed"}`]
    })
  return [...check(OPEN, true), ...check(CLOSED, false)]
}
