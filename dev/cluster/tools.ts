import { delimiter, dirname } from "node:path"
import { succeeds } from "../../scripts/lib/run.ts"
import type { StepContext } from "../../scripts/lib/steps.ts"
import { ensureTools } from "../tools/index.ts"
import type { ClusterAccess, ClusterTools, ProviderName } from "./types.ts"

/**
 * kubectl and helm for a cluster. On the local node they are the built ones; elsewhere those on PATH are taken where
 * there are some, because their version and plugins are what the person signs in with.
 */
export async function clusterTools(
  access: ClusterAccess,
  provider: ProviderName,
  context: StepContext,
): Promise<ClusterTools> {
  const program = async (name: "kubectl" | "helm", probe: string[]) => {
    if (provider !== "local" && (await succeeds(name, probe))) return name
    return (await ensureTools([name], context))[name]
  }
  const kubectl = await program("kubectl", ["version", "--client"])
  const helm = await program("helm", ["version", "--short"])
  const path = kubectl === "kubectl" ? process.env.PATH : `${dirname(kubectl)}${delimiter}${process.env.PATH}`
  const env = { KUBECONFIG: access.kubeconfig, PATH: path }
  const run: ClusterTools["other"] = (command, args, options = {}) =>
    context.run(command, args, { ...options, env: { ...env, ...options.env } })
  return {
    kubectl: (args, options) =>
      run(kubectl, [...(access.context ? ["--context", access.context] : []), ...args], options),
    helm: (args, options) =>
      run(helm, [...(access.context ? ["--kube-context", access.context] : []), ...args], options),
    other: run,
  }
}
