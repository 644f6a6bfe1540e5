import { clusterTools } from "../../dev/cluster/index.ts"
import { stateDir } from "../lib/paths.ts"
import { createSteps } from "../lib/steps.ts"
import { installBerth, installDemo, makeSecrets, type Plan } from "./install.ts"
import { clusterId, type Installation, readInstallation } from "./installation.ts"
import type { UpOptions } from "./options.ts"
import { build, choose, imagesFor } from "./prepare.ts"
import type { Outcome } from "./summary.ts"

/** Runs all steps of `up`. Each is safe to repeat and has little to do when its work is done. */
export async function bringUp(options: UpOptions): Promise<{ outcome: Outcome; elapsed_s: number }> {
  const { step, elapsed_s } = createSteps(stateDir("logs"))
  const { provider, given } = await step("Choose where to run", (context) => choose(options, context))
  const access = await step(`Cluster (${provider.name})`, (context) => provider.start(context))
  await step("Build", build)
  const images = imagesFor(provider, options.demo)
  await step("Images", (context) => provider.provide(images, context))

  const { namespace, release } = options
  const cluster = clusterId(provider.name, access.context, access.kubeconfig)
  const demo = options.demo ? `${namespace}-demo` : undefined
  const installation: Installation = {
    madeNamespaces: [],
    ...readInstallation(cluster, options),
    ...access,
    provider: provider.name,
    namespace,
    release,
  }
  const plan: Plan = { options, provider, access, cluster, installation, images, given, demo }
  const tools = clusterTools.bind(null, access, provider.name)
  await step("Secrets", async (context) => makeSecrets(plan, await tools(context)))
  if (demo)
    await step("Demo model and sample repository", async (context) => installDemo(plan, demo, await tools(context)))
  const outcome = await step("Chart", async (context) => installBerth(plan, await tools(context)))
  return { outcome, elapsed_s: elapsed_s() }
}
