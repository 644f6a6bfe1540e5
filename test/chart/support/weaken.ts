import { at, type KubernetesObject, ofKind } from "./objects.ts"

type Fields = Readonly<Record<string, unknown>>

/** A set of policies in which one thing is not as it should be. */
export interface Mutant {
  readonly name: string
  readonly policies: readonly KubernetesObject[]
}

/**
 * Every policy gone; every rule gone; every rule without its peers, without its ports, and each of its ports without a
 * number; each peer with any namespace, any pod, or with one label less; each address range as wide as the world; each
 * direction not governed.
 */
export function mutantsOf(objects: readonly KubernetesObject[]): Mutant[] {
  const policies = ofKind(objects, "NetworkPolicy")
  return policies.flatMap((policy) => {
    const others = policies.filter((one) => one !== policy)
    const spec = policy["spec"] as Fields
    const changed = changesOf(spec).map(([what, next]) => ({
      name: `${policy.metadata.name}: ${what}`,
      policies: [...others, { ...policy, spec: next }],
    }))
    return [{ name: `${policy.metadata.name} is gone`, policies: others }, ...changed]
  })
}

type Change = readonly [what: string, spec: Fields]

function changesOf(spec: Fields): Change[] {
  const types = spec["policyTypes"] as string[]
  const directions = types.map((type): Change => {
    return [`${type} is not governed`, { ...spec, policyTypes: types.filter((one) => one !== type) }]
  })
  const rules = ["ingress", "egress"].flatMap((side) => {
    const all = (at(spec, side) ?? []) as Fields[]
    return all.flatMap((rule, index) => {
      const put = (...next: Fields[]) => ({ ...spec, [side]: all.toSpliced(index, 1, ...next) })
      const gone: Change = [`${side} ${index} is gone`, put()]
      return [gone, ...ruleChanges(rule).map(([what, next]): Change => [`${side} ${index} ${what}`, put(next)])]
    })
  })
  return [...directions, ...rules]
}

function ruleChanges(rule: Fields): Change[] {
  const changes: Change[] = []
  for (const key of ["ports", "from", "to"]) {
    const entries = rule[key] as Fields[] | undefined
    if (entries === undefined) continue
    const { [key]: _, ...without } = rule
    changes.push([`without ${key}`, without])
    for (const [index, entry] of entries.entries()) {
      const put = (next: Fields) => ({ ...rule, [key]: entries.toSpliced(index, 1, next) })
      const wider = key === "ports" ? portChanges(entry) : peerChanges(entry)
      changes.push(...wider.map(([what, next]): Change => [`${key} ${index} ${what}`, put(next)]))
    }
  }
  return changes
}

function portChanges({ port: _, ...rest }: Fields): Change[] {
  return [["of any number", rest]]
}

function peerChanges(peer: Fields): Change[] {
  if (peer["ipBlock"] !== undefined) return [["as wide as the world", { ipBlock: { cidr: "0.0.0.0/0" } }]]
  return ["namespaceSelector", "podSelector"].flatMap((key) => {
    const labels = at(peer, `${key}.matchLabels`) as Record<string, string> | undefined
    if (labels === undefined) return []
    const any: Change = [`with any ${key}`, { ...peer, [key]: {} }]
    const names = Object.keys(labels)
    // Without its only label a selector is the one before.
    const fewer =
      names.length < 2
        ? []
        : names.map((name): Change => {
            const rest = Object.fromEntries(Object.entries(labels).filter(([label]) => label !== name))
            return [`without the label ${name}`, { ...peer, [key]: { matchLabels: rest } }]
          })
    return [any, ...fewer]
  })
}
