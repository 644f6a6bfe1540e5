import { writeFileSync } from "node:fs"
import { stringify } from "yaml"
import { type ClusterAccess, type ClusterProvider, type ClusterTools, chooseNodePort } from "../../dev/cluster/index.ts"
import { demoHosts, demoManifests, demoProvider, demoProviderId, sampleRepository } from "../../dev/demo/manifests.ts"
import type { Image } from "../../dev/images/catalog.ts"
import { Failure } from "../lib/failure.ts"
import { until } from "../lib/wait.ts"
import { installChart } from "./chart.ts"
import { type Installation, tokensFile, valuesFile, writeInstallation } from "./installation.ts"
import type { ModelProviders } from "./model-provider.ts"
import { fullname, objectsBesideHelm } from "./names.ts"
import type { UpOptions } from "./options.ts"
import {
  apply,
  bootstrapSecrets,
  demoKey,
  makeNamespace,
  providerKeysSecret,
  readSecret,
  storeProviderKeys,
} from "./secrets.ts"
import type { Outcome } from "./summary.ts"
import { chartValues } from "./values.ts"

/** All that the steps inside the cluster need to know. */
export type Plan = {
  options: UpOptions
  provider: ClusterProvider
  access: ClusterAccess
  /** Name of the cluster in the records of what was made. */
  cluster: string
  installation: Installation
  images: readonly Image[]
  given: ModelProviders
  /** Namespace of the demo; `undefined` without one. */
  demo: string | undefined
}

function usesDemoModel({ demo, given }: Plan): boolean {
  return demo !== undefined && Object.keys(given.providers).length === 0
}

/** Namespaces under Pod Security "restricted", and the Secrets of the chart. */
export async function makeSecrets(plan: Plan, tools: ClusterTools): Promise<void> {
  const { options, installation, cluster } = plan
  for (const name of [options.namespace, ...(plan.demo ? [plan.demo] : [])]) {
    const made = installation.madeNamespaces
    const absent = (await tools.kubectl(["get", "namespace", name, "--ignore-not-found", "-o", "name"])) === ""
    if (absent && !made.includes(name)) made.push(name)
    writeInstallation(cluster, installation) // before it is made: a run that is cut off here must not lose it
    if (absent) await makeNamespace(tools.kubectl, name)
  }
  await rememberObjects(plan, tools)
  await bootstrapSecrets(tools, { ...options, context: plan.access.context }, tokensFile(cluster, options))
  await storeProviderKeys(tools.kubectl, options.namespace, plan.given.keys)
}

/** Keeps which of the Secrets are this installation's: those that the namespace did not have before its first run. */
async function rememberObjects({ options, installation, cluster }: Plan, tools: ClusterTools): Promise<void> {
  if (installation.madeObjects !== undefined) return
  const names = ["get", "secret,configmap", "-n", options.namespace, "-o", "name"]
  const present = new Set((await tools.kubectl(names)).split("\n"))
  installation.madeObjects = objectsBesideHelm(options.release).filter((name) => !present.has(name))
  writeInstallation(cluster, installation)
}

/** The demo model and the git server with the sample repository. */
export async function installDemo(plan: Plan, demo: string, tools: ClusterTools): Promise<void> {
  const { namespace } = plan.options
  const modelKey = usesDemoModel(plan) ? await demoKey(tools.kubectl, namespace) : undefined
  if (modelKey) await storeProviderKeys(tools.kubectl, namespace, { [demoProviderId]: modelKey })
  const image = plan.images.find(({ name }) => name === "berth/demo")?.reference ?? ""
  const prefix = plan.provider.registry ? `${plan.provider.registry}/` : ""
  await apply(tools.kubectl, demoManifests({ namespace: demo, image: prefix + image, modelKey }))
  for (const name of modelKey ? ["model", "git"] : ["git"]) {
    await tools.kubectl(["-n", demo, "rollout", "status", `deployment/${name}`, "--timeout=300s"], {
      hint: `see what keeps it: kubectl -n ${demo} describe pods`,
    })
  }
}

/** Installs the chart with generated values (then those of `--values`), and waits for the printed address to answer. */
export async function installBerth(plan: Plan, tools: ClusterTools): Promise<Outcome> {
  const { options, provider, demo } = plan
  const { namespace, release } = options
  const name = fullname(release)
  const host = await provider.host(tools.kubectl)
  const nodePort = await chooseNodePort(tools.kubectl, namespace, name)
  const hosts = demo ? demoHosts(demo) : undefined
  const values = chartValues({
    images: plan.images,
    registry: provider.registry,
    ownPostgres: provider.buildsPostgres,
    host,
    nodePort,
    replicas: options.replicas,
    providers: demo && usesDemoModel(plan) ? { [demoProviderId]: demoProvider(demo) } : plan.given.providers,
    providerKeysSecret: usesDemoModel(plan) || Object.keys(plan.given.keys).length > 0 ? providerKeysSecret : undefined,
    demoGitHost: hosts?.git,
    allowedPrivateHosts: hosts ? [hosts.git, ...(usesDemoModel(plan) ? [hosts.model] : [])] : [],
  })
  const file = valuesFile(plan.cluster, options)
  writeFileSync(file, `# Written by \`npm run up\`.\n${stringify(values)}`)
  await installChart(tools, { namespace, release, valueFiles: [file, ...options.values] })
  const url = `http://${host}:${nodePort}`
  await answers(url)
  const admin = (key: string) => readSecret(tools.kubectl, namespace, `${name}-admin`, key)
  return {
    url,
    email: (await admin("email")) ?? "",
    password: (await admin("password")) ?? "",
    kubeconfig: plan.access.kubeconfig,
    namespace,
    repository: demo ? sampleRepository(demo) : null,
  }
}

async function answers(url: string): Promise<void> {
  await until(
    `an answer from ${url}`,
    async () => {
      const response = await fetch(`${url}/api/ready`, { signal: AbortSignal.timeout(5000) })
      if (!response.ok) throw new Failure(`${url}/api/ready answers ${response.status}`)
      return true
    },
    { timeout_ms: 180_000, every_ms: 300, hint: "the pods are ready; check that this machine reaches the node's port" },
  )
}
