import type { Run, RunOptions } from "../../scripts/lib/run.ts"
import type { StepContext } from "../../scripts/lib/steps.ts"
import type { Image } from "../images/catalog.ts"

export const providerNames = ["local", "kind", "context"] as const
export type ProviderName = (typeof providerNames)[number]

/** How to reach a cluster: kubeconfig file and context as `kubectl` and `helm` take them. */
export type ClusterAccess = { kubeconfig: string; context: string | undefined }

/** A place where Berth can run. */
export interface ClusterProvider {
  readonly name: ProviderName
  /** Why this one was taken, for the person. */
  readonly reason: string
  /** True when the cluster exists for Berth alone, so that `down` may remove all of it. */
  readonly ownsCluster: boolean
  /** Where images are pulled from; "" when they are loaded onto the nodes. */
  readonly registry: string
  /** True where no registry is reachable, so that PostgreSQL's image has to be built as well. */
  readonly buildsPostgres: boolean
  /** Makes sure that the cluster runs. Safe to repeat. */
  start(context: StepContext): Promise<ClusterAccess>
  /** Builds and provides those images that the cluster does not have yet. */
  provide(images: readonly Image[], context: StepContext): Promise<void>
  /** The host under which NodePorts answer. */
  host(kubectl: Kubectl): Promise<string>
  /** Removes the cluster. Only called with {@link ownsCluster}. */
  remove(context: StepContext): Promise<void>
}

/** `kubectl` against one cluster. */
export type Kubectl = (args: string[], options?: RunOptions) => Promise<string>

/** Programs against one cluster: kubectl, helm, and anything that reads KUBECONFIG (`other`). */
export type ClusterTools = {
  kubectl: Kubectl
  helm: (args: string[], options?: RunOptions) => Promise<string>
  other: Run
}
