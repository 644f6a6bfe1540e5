import { rmSync } from "node:fs"
import {
  type ClusterProvider,
  type ClusterTools,
  chooseProvider,
  clusterTools,
  inspectMachine,
} from "../../dev/cluster/index.ts"
import { nodeExists } from "../../dev/cluster/local/index.ts"
import { stopPrivateDocker } from "../../dev/images/docker.ts"
import { stateDir } from "../lib/paths.ts"
import { createSteps } from "../lib/steps.ts"
import { forgetInstallation, type Installation, listInstallations } from "./installation.ts"
import { fullname } from "./names.ts"
import type { DownOptions } from "./options.ts"

/**
 * Removes one installation, and the cluster with it when it was made for Berth and nothing else of Berth is in it.
 * Answers what was done, in one sentence.
 */
export async function takeDown(options: DownOptions): Promise<string> {
  const { step } = createSteps(stateDir("logs"))
  const all = listInstallations()
  const found = all.find((entry) => isMeant(entry.installation, options))
  const wanted = found?.installation.provider ?? options.provider ?? (nodeExists() ? "local" : undefined)
  if (wanted === undefined) return "There is nothing that `npm run up` made under this name."
  const context = found?.installation.context ?? options.context
  const kubeconfig = found?.installation.kubeconfig
  const machine = { ...(await inspectMachine()), ...(kubeconfig ? { kubeconfig } : {}) }
  const provider = chooseProvider({ provider: wanted, context, registry: "" }, machine)
  const others = all.filter((entry) => entry !== found && entry.cluster === (found?.cluster ?? provider.name))

  if (provider.ownsCluster && others.length === 0 && !options.keepCluster) {
    await step(`Remove the cluster (${provider.name})`, provider.remove)
  } else if (found) {
    await removeInstallation(found.installation, provider, step)
  }
  if (found) forgetInstallation(found.cluster, found.installation)
  await step("Clean up", async ({ run }) => {
    if (process.platform === "linux") await stopPrivateDocker(run)
    rmSync(stateDir("build"), { recursive: true, force: true })
  })
  return others.length > 0
    ? `Removed. Other installations are still there: ${others.map(({ installation }) => nameOf(installation)).join(", ")}.`
    : "Removed. Built tools and images stay in the cache for the next time."
}

function isMeant(installation: Installation, options: DownOptions): boolean {
  return (
    installation.namespace === options.namespace &&
    installation.release === options.release &&
    (options.provider === undefined || installation.provider === options.provider) &&
    (options.context === undefined || installation.context === options.context)
  )
}

function nameOf({ namespace, release, provider }: Installation): string {
  return `${release} in ${namespace} (${provider})`
}

/** In a cluster that stays: the release, its sessions, and the namespaces and Secrets that `up` made. */
async function removeInstallation(
  installation: Installation,
  provider: ClusterProvider,
  step: ReturnType<typeof createSteps>["step"],
): Promise<void> {
  await step(`Remove ${nameOf(installation)}`, async (context) => {
    const tools = await clusterTools(installation, provider.name, context)
    const { namespace, release } = installation
    await tools.helm([
      "uninstall",
      release,
      "--namespace",
      namespace,
      "--ignore-not-found",
      "--wait",
      "--timeout",
      "5m",
    ])
    if (!installation.madeNamespaces.includes(namespace)) await removeObjects(tools, installation)
    for (const name of installation.madeNamespaces) {
      await tools.kubectl(["delete", "namespace", name, "--ignore-not-found", "--wait", "--timeout=300s"])
    }
  })
}

/** In a namespace that was there before: what carries the release's labels, and what `up` and the chart's Job made. */
async function removeObjects(
  tools: ClusterTools,
  { namespace, release, madeObjects = [] }: Installation,
): Promise<void> {
  const remove = ["-n", namespace, "delete", "--ignore-not-found", "--wait", "--timeout=300s"]
  await tools.kubectl([...remove, "statefulset,pvc,secret", "-l", `berth.dev/release=${fullname(release)}`])
  await tools.kubectl([...remove, "pvc", "-l", `app.kubernetes.io/instance=${release},app.kubernetes.io/name=berth`])
  if (madeObjects.length > 0) await tools.kubectl([...remove, ...madeObjects])
}
