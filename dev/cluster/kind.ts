import { mkdirSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { stringify } from "yaml"
import { stateDir } from "../../scripts/lib/paths.ts"
import { buildImage } from "../images/build.ts"
import { machineDocker } from "../images/docker.ts"
import { nodePorts } from "./node-ports.ts"
import type { ClusterProvider } from "./types.ts"

const cluster = "berth"
const kubeconfig = stateDir("kind", "kubeconfig")

/** What `kind create cluster` gets: node ports of this range answer on 127.0.0.1. */
export function kindConfiguration(): string {
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    nodes: [
      {
        role: "control-plane",
        extraPortMappings: nodePorts.map((port) => ({
          containerPort: port,
          hostPort: port,
          listenAddress: "127.0.0.1",
          protocol: "TCP",
        })),
      },
    ],
  })
}

/** A cluster in Docker, made by kind. */
export function kindProvider(reason: string): ClusterProvider {
  return {
    name: "kind",
    reason,
    ownsCluster: true,
    registry: "",
    buildsPostgres: false,
    start: async ({ run, say }) => {
      mkdirSync(dirname(kubeconfig), { recursive: true })
      const clusters = (await run("kind", ["get", "clusters"])).split("\n")
      if (clusters.includes(cluster)) {
        // After a restart of Docker the node's container is there but not running; starting it twice is no fault.
        await run("docker", ["start", `${cluster}-control-plane`])
        writeFileSync(kubeconfig, await run("kind", ["get", "kubeconfig", "--name", cluster], { quiet: true }), {
          mode: 0o600,
        })
      } else {
        say(`making the kind cluster "${cluster}" (the first time it downloads a node image)`)
        const where = ["--name", cluster, "--kubeconfig", kubeconfig]
        await run("kind", ["create", "cluster", ...where, "--wait", "180s", "--config", "-"], {
          input: kindConfiguration(),
          hint: "check that Docker runs and can pull kindest/node; `kind delete cluster --name berth` removes a half made cluster",
        })
      }
      return { kubeconfig, context: undefined }
    },
    provide: async (images, context) => {
      const node = `${cluster}-control-plane`
      const present = await context.run("docker", ["exec", node, "ctr", "-n", "k8s.io", "images", "list", "-q"], {
        quiet: true,
      })
      const names = new Set(present.split("\n"))
      const missing = images.filter(({ reference }) => !names.has(`docker.io/${reference}`))
      for (const image of missing) await buildImage(machineDocker(context), image, context)
      if (missing.length === 0) return
      const references = missing.map(({ reference }) => reference)
      await context.run("kind", ["load", "docker-image", "--name", cluster, ...references])
    },
    host: async () => "127.0.0.1",
    remove: async ({ run }) => {
      await run("kind", ["delete", "cluster", "--name", cluster, "--kubeconfig", kubeconfig])
    },
  }
}
