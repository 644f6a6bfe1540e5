import type { Kubectl } from "./types.ts"

/** Node ports for the UI: the first is the usual one, the others are for more releases beside it. */
export const nodePorts = [30080, 30081, 30082, 30083, 30084] as const

type ServiceList = {
  items: { metadata: { namespace: string; name: string }; spec: { ports?: { nodePort?: number }[] } }[]
}

/** The node port that a release's Service has, else the first one that no other Service of the cluster has. */
export function pickNodePort(services: ServiceList, namespace: string, service: string): number {
  const portsOf = ({ spec }: ServiceList["items"][number]) =>
    (spec.ports ?? []).flatMap(({ nodePort }) => nodePort ?? [])
  const own = services.items.find(({ metadata }) => metadata.namespace === namespace && metadata.name === service)
  const [present] = own ? portsOf(own) : []
  if (present) return present
  const taken = new Set(services.items.flatMap(portsOf))
  const free = nodePorts.find((port) => !taken.has(port))
  if (free) return free
  let port: number = nodePorts[0]
  while (taken.has(port)) port++
  return port
}

/** Asks the cluster and picks; see {@link pickNodePort}. */
export async function chooseNodePort(kubectl: Kubectl, namespace: string, service: string): Promise<number> {
  const list: ServiceList = JSON.parse(await kubectl(["get", "services", "-A", "-o", "json"], { quiet: true }))
  return pickNodePort(list, namespace, service)
}
