import { BlockList, isIP } from "node:net"
import { at, type KubernetesObject, ofKind } from "./objects.ts"

/** One end of a connection: a pod with its labels, or an address outside of the cluster. */
export interface Peer {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of a peer that is no pod; of pods only where a rule names addresses. */
  readonly address: string
}

type Labels = Readonly<Record<string, string>>
interface Selector {
  matchLabels?: Labels
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}
interface RulePeer {
  podSelector?: Selector
  namespaceSelector?: Selector
  ipBlock?: { cidr: string; except?: string[] }
}
interface Rule {
  ports?: { protocol?: string; port?: number; endPort?: number }[]
  from?: RulePeer[]
  to?: RulePeer[]
}
interface Spec {
  podSelector: Selector
  policyTypes: string[]
  ingress?: Rule[]
  egress?: Rule[]
}

/** Whether these policies let `from` open a connection to `to`: its own egress must allow it, and the other's ingress. */
export function allowed(
  policies: readonly KubernetesObject[],
  from: Peer,
  to: Peer,
  port: number,
  protocol = "TCP",
): boolean {
  return outgoing(policies, from, to, port, protocol) && incoming(policies, from, to, port, protocol)
}

/** Whether `from` may open it as far as its own egress decides. */
export function outgoing(
  policies: readonly KubernetesObject[],
  from: Peer,
  to: Peer,
  port: number,
  protocol = "TCP",
): boolean {
  return direction(policies, "Egress", from, to, port, protocol)
}

/** Whether `to` takes it as far as its own ingress decides. */
export function incoming(
  policies: readonly KubernetesObject[],
  from: Peer,
  to: Peer,
  port: number,
  protocol = "TCP",
): boolean {
  return direction(policies, "Ingress", to, from, port, protocol)
}

function direction(
  policies: readonly KubernetesObject[],
  type: "Ingress" | "Egress",
  subject: Peer,
  other: Peer,
  port: number,
  protocol: string,
): boolean {
  const own = ofKind(policies, "NetworkPolicy").filter(({ metadata, spec }) => {
    const { podSelector, policyTypes } = spec as Spec
    const inNamespace = metadata.namespace === subject.namespace
    return inNamespace && policyTypes.includes(type) && matches(podSelector, subject.labels ?? {})
  })
  // A pod that no policy of this direction selects is open; with one, only what a rule names is.
  if (own.length === 0) return true
  return own.some((policy) => {
    const rules = (at(policy, type === "Ingress" ? "spec.ingress" : "spec.egress") ?? []) as Rule[]
    return rules.some((rule) => {
      const peers = type === "Ingress" ? rule.from : rule.to
      const portFits = !rule.ports || rule.ports.some((one) => portMatches(one, port, protocol))
      const peerFits = !peers || peers.length === 0 || peers.some((one) => peerMatches(one, other, policy))
      return portFits && peerFits
    })
  })
}

function portMatches(
  rule: { protocol?: string; port?: number; endPort?: number },
  port: number,
  protocol: string,
): boolean {
  if ((rule.protocol ?? "TCP") !== protocol) return false
  return rule.port === undefined || (port >= rule.port && port <= (rule.endPort ?? rule.port))
}

function peerMatches(rule: RulePeer, other: Peer, policy: KubernetesObject): boolean {
  if (rule.ipBlock)
    return contains(rule.ipBlock.cidr, other) && !rule.ipBlock.except?.some((cidr) => contains(cidr, other))
  if (other.namespace === undefined) return false
  const namespaceFits = rule.namespaceSelector
    ? matches(rule.namespaceSelector, { "kubernetes.io/metadata.name": other.namespace })
    : other.namespace === policy.metadata.namespace
  return namespaceFits && matches(rule.podSelector ?? {}, other.labels ?? {})
}

function contains(cidr: string, { address }: Peer): boolean {
  const [network = "", bits = "32"] = cidr.split("/")
  const list = new BlockList()
  list.addSubnet(network, Number(bits), isIP(network) === 6 ? "ipv6" : "ipv4")
  return list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")
}

function matches(selector: Selector, labels: Labels): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  const expressions = (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key]
    if (operator === "Exists") return value !== undefined
    if (operator === "DoesNotExist") return value === undefined
    if (operator === "In") return value !== undefined && values.includes(value)
    if (operator === "NotIn") return value === undefined || !values.includes(value)
    throw new Error(`unknown operator ${operator}`)
  })
  return equal && expressions
}
