import { Failure } from "../../scripts/lib/failure.ts"
import { succeeds } from "../../scripts/lib/run.ts"
import { buildImage } from "../images/build.ts"
import { machineDocker } from "../images/docker.ts"
import { clusterTools } from "./tools.ts"
import type { ClusterAccess, ClusterProvider, Kubectl } from "./types.ts"

/** A cluster that exists already. Its nodes pull the images from `registry`, to which Docker here pushes them. */
export function contextProvider(access: ClusterAccess, registry: string, reason: string): ClusterProvider {
  return {
    name: "context",
    reason,
    ownsCluster: false,
    registry,
    buildsPostgres: false,
    start: async (context) => {
      const { kubectl } = await clusterTools(access, "context", context)
      await kubectl(["version", "--request-timeout=15s"], {
        hint: `the cluster of ${describeAccess(access)} does not answer: check the kubeconfig, VPN and credentials (kubectl cluster-info)`,
      })
      return access
    },
    provide: async (images, context) => {
      if (registry === "")
        throw new Failure("the cluster cannot get the images: no registry is given", { hint: registryHint })
      const docker = machineDocker(context)
      for (const image of images) {
        const remote = `${registry}/${image.reference}`
        if (await succeeds("docker", ["manifest", "inspect", remote], { timeout_ms: 60_000 })) continue
        await buildImage(docker, image, context)
        await docker(["tag", image.reference, remote])
        await docker(["push", remote], {
          hint: `sign in to the registry first: docker login ${registry.split("/")[0]}`,
        })
      }
    },
    host: nodeAddress,
    remove: async () => {},
  }
}

const registryHint =
  "give one that you can push to and the cluster's nodes can pull from, for example --registry registry.example.com/team"

function describeAccess(access: ClusterAccess): string {
  return access.context ? `context "${access.context}"` : access.kubeconfig
}

/** An address of one of the nodes: the external one where there is one. */
async function nodeAddress(kubectl: Kubectl): Promise<string> {
  const template = '{range .items[*].status.addresses[*]}{.type}={.address}{"\\n"}{end}'
  return pickAddress(await kubectl(["get", "nodes", "-o", `jsonpath=${template}`]))
}

/** Chooses from lines of `Type=address`. */
export function pickAddress(lines: string): string {
  const addresses = lines.split("\n").map((line) => line.split("="))
  for (const wanted of ["ExternalIP", "InternalIP"]) {
    const found = addresses.find(([type]) => type === wanted)?.[1]
    if (found) return found.includes(":") ? `[${found}]` : found
  }
  throw new Failure("no node of the cluster has an address", { hint: "see `kubectl get nodes -o wide`" })
}
