import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ApiException, CoreV1Api, KubeConfig } from "@kubernetes/client-node"
import { Failure } from "../../scripts/lib/failure.ts"
import { until } from "../../scripts/lib/wait.ts"
import { type Installation, listInstallations } from "../../scripts/up/installation.ts"
import { fullname } from "../../scripts/up/names.ts"
import { type InstalledConfig, withServiceAddresses } from "./addresses.ts"

const NAMESPACE = "berth-dev"
const SERVICE_ACCOUNT = "berth-session"
const CA_CONFIG_MAP = "berth-broker-ca"
const REMOVAL_MS_MAX = 120_000

/** What the server needs to run on this machine with its sessions in the cluster. */
export interface DevCluster {
  readonly kubeconfig: string
  /** The configuration of the installation, with the server's own addresses in it. */
  readonly config: object
  readonly environment: Readonly<Record<string, string>>
  /** Removes the namespace with all sessions in it. */
  remove(): Promise<void>
}

/**
 * Makes a namespace for sessions and derives the server's configuration from the installation of `npm run up`: its images,
 * demo model and sample repository.
 * @param parts.directory where files for the server are written
 * @param parts.certificate makes the broker's certificate for the address at which pods reach this machine
 * @throws Failure when nothing was brought up
 */
export async function prepareCluster(parts: {
  directory: string
  brokerPort: number
  certificate: (address: string) => Promise<string>
}): Promise<DevCluster> {
  const installation = listInstallations()[0]?.installation
  if (installation === undefined) {
    throw new Failure("No installation found. Run npm run up first, or npm run dev -- --scripted for the UI alone.")
  }
  const api = connect(installation)
  const address = await nodeAddress(api)
  const keys = await writeProviderKeys(api, installation.namespace, join(parts.directory, "provider-keys"))
  const installed = await withServiceAddresses(api, await readConfig(api, installation))
  const remove = () => removeNamespace(api)
  await remove() // what a run that was killed left behind
  await makeNamespace(api, await parts.certificate(address))
  return {
    kubeconfig: installation.kubeconfig,
    config: {
      ...installed,
      release: NAMESPACE,
      instance: NAMESPACE,
      namespace: NAMESPACE,
      sessionNamespace: NAMESPACE,
      public: { host: "127.0.0.1", pathPrefix: "/", tls: false },
      broker: {
        ...installed.broker,
        url: `https://${address}:${parts.brokerPort}`,
        caConfigMap: CA_CONFIG_MAP,
        // The node may give its own address to what leaves a pod.
        verifyPeerAddress: false,
      },
    },
    environment: keys,
    remove,
  }
}

function connect({ kubeconfig, context }: Installation): CoreV1Api {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  if (context !== undefined) config.setCurrentContext(context)
  return config.makeApiClient(CoreV1Api)
}

/** Where pods reach this machine: only a node that is this machine can run their sessions. */
async function nodeAddress(api: CoreV1Api): Promise<string> {
  const [node] = (await api.listNode()).items
  const address = node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address
  if (address === undefined) throw new Failure("The cluster's node has no internal IP address.")
  return address
}

async function readConfig(api: CoreV1Api, { namespace, release }: Installation): Promise<InstalledConfig> {
  const { data } = await api.readNamespacedConfigMap({ name: `${fullname(release)}-config`, namespace })
  return JSON.parse(data?.["config.json"] ?? "{}") as InstalledConfig
}

/** The installation's model keys as files, one a provider; no variable where the installation has none. */
async function writeProviderKeys(
  api: CoreV1Api,
  namespace: string,
  directory: string,
): Promise<Record<string, string>> {
  const secret = await api.readNamespacedSecret({ name: "berth-provider-keys", namespace }).catch(absent)
  if (secret === null) return {}
  mkdirSync(directory, { mode: 0o700 })
  for (const [name, value] of Object.entries(secret.data ?? {}))
    writeFileSync(join(directory, name), Buffer.from(value, "base64"), { mode: 0o600 })
  return { BERTH_PROVIDER_KEYS_DIR: directory }
}

async function makeNamespace(api: CoreV1Api, certificate: string): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" }
  await api.createNamespace({ body: { metadata: { name: NAMESPACE, labels } } })
  const namespace = NAMESPACE
  await api.createNamespacedServiceAccount({
    namespace,
    body: { metadata: { name: SERVICE_ACCOUNT }, automountServiceAccountToken: false },
  })
  await api.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: CA_CONFIG_MAP }, data: { "ca.crt": certificate } },
  })
}

async function removeNamespace(api: CoreV1Api): Promise<void> {
  await api.deleteNamespace({ name: NAMESPACE }).catch(absent)
  const gone = async () => (await api.readNamespace({ name: NAMESPACE }).catch(absent)) === null
  await until(`the namespace ${NAMESPACE} is removed`, gone, { timeout_ms: REMOVAL_MS_MAX })
}

function absent(error: unknown): null {
  if (error instanceof ApiException && error.code === 404) return null
  throw error
}
