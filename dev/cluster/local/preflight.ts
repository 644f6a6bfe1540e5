import { createServer } from "node:net"
import { Failure } from "../../../scripts/lib/failure.ts"
import { network, ports } from "./settings.ts"

/** Throws {@link Failure} when this machine cannot be a node at all. */
export function checkMachine(): void {
  const otherwise = "use a cluster that exists (`--context NAME`), or install Docker and kind (`--provider kind`)"
  if (process.platform !== "linux") throw new Failure("the local node needs Linux", { hint: otherwise })
  if (process.getuid?.() !== 0) throw new Failure("the local node needs root", { hint: `run as root, or ${otherwise}` })
}

const portsOf: Record<string, { host: string; port: number }[]> = {
  etcd: [
    { host: "127.0.0.1", port: ports.etcd },
    { host: "127.0.0.1", port: ports.etcdPeer },
  ],
  "kube-apiserver": [{ host: network.nodeAddress, port: ports.apiserver }],
  "kube-controller-manager": [{ host: "127.0.0.1", port: 10257 }],
  "kube-scheduler": [{ host: "127.0.0.1", port: 10259 }],
  kubelet: [{ host: "127.0.0.1", port: 10248 }],
  "kube-proxy": [{ host: "127.0.0.1", port: 10249 }],
}

/** Throws {@link Failure} when another program already listens where a component is about to. */
export async function checkPorts(components: readonly string[]): Promise<void> {
  for (const component of components) {
    for (const { host, port } of portsOf[component] ?? []) {
      if (await isFree(host, port)) continue
      throw new Failure(`port ${port}, which ${component} needs, is taken by another program`, {
        hint: `see which (ss -ltnp 'sport = :${port}'); another Kubernetes node on this machine can be used with --context`,
      })
    }
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", (error) => resolve("code" in error && error.code === "EADDRNOTAVAIL"))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
