import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { Failure } from "../../scripts/lib/failure.ts"
import { contextProvider } from "./context.ts"
import { kindProvider } from "./kind.ts"
import { localProvider } from "./local/provider.ts"
import { files as localNode } from "./local/settings.ts"
import type { ClusterProvider, ProviderName } from "./types.ts"

export type Wish = { provider: ProviderName | undefined; context: string | undefined; registry: string }

/** What the choice depends on, as seen on this machine. */
export type Machine = {
  /** KUBECONFIG, as it is set. */
  kubeconfig: string | undefined
  hasDocker: boolean
  hasKind: boolean
  isDebian: boolean
  isRoot: boolean
}

/**
 * Takes the provider that was asked for; else the cluster given by `--context` or KUBECONFIG, else kind where Docker and
 * kind are, else a local node on Debian as root. Throws {@link Failure} when there is none, with the ways to get one.
 */
export function chooseProvider(wish: Wish, machine: Machine): ClusterProvider {
  const name = wish.provider ?? automaticChoice(wish, machine)
  const byHand = "--provider says so"
  switch (name) {
    case "context":
      return contextProvider(
        accessOf(wish, machine),
        wish.registry,
        wish.provider ? byHand : contextReason(wish, machine),
      )
    case "kind":
      if (!machine.hasDocker || !machine.hasKind) {
        throw new Failure(`the kind provider needs ${machine.hasDocker ? "kind" : "a running Docker daemon"}`, {
          hint: "install Docker (https://docs.docker.com/engine/install) and kind (https://kind.sigs.k8s.io)",
        })
      }
      return kindProvider(wish.provider ? byHand : "Docker and kind are here")
    case "local":
      return localProvider(wish.provider ? byHand : localReason(machine))
    default:
      throw new Failure("there is no cluster, and none can be made here", {
        hint: "name one (--context NAME), or install Docker and kind, or run on Debian as root",
      })
  }
}

function automaticChoice(wish: Wish, machine: Machine): ProviderName | undefined {
  if (wish.context || (machine.kubeconfig && machine.kubeconfig !== localNode.kubeconfig)) return "context"
  // The kubeconfig that `up` itself printed: the person means the local node, not a cluster with a registry.
  if (machine.kubeconfig) return "local"
  if (machine.hasDocker && machine.hasKind) return "kind"
  return machine.isDebian && machine.isRoot ? "local" : undefined
}

function contextReason(wish: Wish, machine: Machine): string {
  return wish.context ? `--context ${wish.context}` : `KUBECONFIG=${machine.kubeconfig}`
}

function localReason(machine: Machine): string {
  if (machine.kubeconfig) return "KUBECONFIG is the local node's"
  return `no cluster is given, ${machine.hasDocker ? "kind is" : "Docker is"} not here, and this is Debian as root`
}

function accessOf(wish: Wish, machine: Machine) {
  const kubeconfig = machine.kubeconfig ?? join(homedir(), ".kube", "config")
  const first = kubeconfig.split(":")[0] ?? ""
  if (!machine.kubeconfig && !existsSync(first)) {
    throw new Failure(`there is no kubeconfig (${kubeconfig})`, { hint: "set KUBECONFIG to the file of your cluster" })
  }
  return { kubeconfig, context: wish.context }
}
