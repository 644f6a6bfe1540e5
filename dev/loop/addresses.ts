import type { CoreV1Api } from "@kubernetes/client-node"

/** The parts of the server's configuration file that are changed here; their meaning is in control-plane/server/config. */
export interface InstalledConfig {
  readonly providers?: Readonly<Record<string, { readonly options?: { readonly baseURL?: string } }>>
  readonly git: { readonly hosts: Readonly<Record<string, object>> }
  readonly broker: { readonly allowedPrivateHosts?: readonly string[] }
  readonly [key: string]: unknown
}

/** IP addresses of cluster services by their host name, `<service>.<namespace>.svc`. */
type Addresses = ReadonlyMap<string, string>

/**
 * Replaces the host names of services by their IP addresses: this machine reaches the services and cannot resolve their names.
 */
export async function withServiceAddresses(api: CoreV1Api, config: InstalledConfig): Promise<InstalledConfig> {
  const addresses = await find(api, config.broker.allowedPrivateHosts ?? [])
  const plain = (host: string) => addresses.get(host) ?? host
  const entries = <T>(map: Readonly<Record<string, T>>, key: (name: string) => string, value: (one: T) => T) =>
    Object.fromEntries(Object.entries(map).map(([name, one]) => [key(name), value(one)]))
  return {
    ...config,
    providers: entries(
      config.providers ?? {},
      (id) => id,
      (one) => ({ ...one, options: { ...one.options, ...baseUrl(one.options?.baseURL, addresses) } }),
    ),
    git: { ...config.git, hosts: entries(config.git.hosts, plain, (one) => one) },
    broker: { ...config.broker, allowedPrivateHosts: (config.broker.allowedPrivateHosts ?? []).map(plain) },
  }
}

async function find(api: CoreV1Api, hosts: readonly string[]): Promise<Addresses> {
  const found = new Map<string, string>()
  for (const host of hosts) {
    const [, name, namespace] = /^([^.]+)\.([^.]+)\.svc$/.exec(host) ?? []
    if (name === undefined || namespace === undefined) continue
    const { spec } = await api.readNamespacedService({ name, namespace })
    if (spec?.clusterIP !== undefined) found.set(host, spec.clusterIP)
  }
  return found
}

function baseUrl(address: string | undefined, addresses: Addresses): { baseURL?: string } {
  if (address === undefined) return {}
  const url = new URL(address)
  url.hostname = addresses.get(url.hostname) ?? url.hostname
  return { baseURL: url.href }
}
