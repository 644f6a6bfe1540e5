import { existsSync } from "node:fs"
import { succeeds } from "../../scripts/lib/run.ts"
import { dockerAnswers } from "../images/docker.ts"
import type { Machine } from "./choose.ts"

export { chooseProvider } from "./choose.ts"
export { chooseNodePort } from "./node-ports.ts"
export { clusterTools } from "./tools.ts"
export {
  type ClusterAccess,
  type ClusterProvider,
  type ClusterTools,
  type Kubectl,
  type ProviderName,
  providerNames,
} from "./types.ts"

/** Looks at this machine, for the choice of a provider. */
export async function inspectMachine(): Promise<Machine> {
  return {
    kubeconfig: process.env.KUBECONFIG || undefined,
    hasDocker: await dockerAnswers(),
    hasKind: await succeeds("kind", ["version"]),
    isDebian: existsSync("/etc/debian_version"),
    isRoot: process.getuid?.() === 0,
  }
}
