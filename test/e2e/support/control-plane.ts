import { readdirSync, readFileSync } from "node:fs"
import type { V1Pod } from "@kubernetes/client-node"
import { until } from "../../../scripts/lib/wait.ts"
import type { Kube } from "./kube.ts"

const recovery_timeout_ms = 300_000

export interface Replica {
  readonly name: string
  /** Address of its pod, which is reachable from this machine on a local cluster. */
  readonly address: string
  /** Id of its container at the runtime. */
  readonly containerId: string
}

/** A kill that is prepared, so that nothing but the signal itself is left to do. */
export interface ArmedKill {
  /** Sends SIGKILL to every process of every replica, at once. */
  fire(): void
  /** Replaces the dead pods, whose restarts the kubelet would delay more each time, and waits for as many new ones. */
  recover(): Promise<void>
}

export interface ControlPlane {
  /** Replicas that are ready, in the order of their names. */
  ready(): Promise<Replica[]>
  /** Waits until `count` replicas are ready, those of these names left out. */
  waitFor(count: number, without?: readonly string[]): Promise<Replica[]>
  /** Waits until pods of these names have ended for good. */
  areGone(names: readonly string[]): Promise<void>
  armKill(): Promise<ArmedKill>
  /** Sends SIGKILL to every process of one replica and has its pod replaced, without waiting for that. */
  kill(replica: Replica): Promise<void>
}

/** The control plane's pods in a namespace. */
export function createControlPlane(kube: Kube, namespace: string): ControlPlane {
  const pods = async () =>
    (await kube.list<V1Pod>("pods", "app.kubernetes.io/component=control-plane")).filter(
      (pod) => pod.metadata?.namespace === namespace,
    )
  const ready = async () => (await pods()).flatMap(replicaOf).sort((one, other) => (one.name < other.name ? -1 : 1))
  const waitFor = (count: number, without: readonly string[] = []) =>
    until(
      `${count} ready replicas`,
      async () => {
        const found = (await ready()).filter(({ name }) => !without.includes(name))
        return found.length >= count && found
      },
      { timeout_ms: recovery_timeout_ms },
    )
  return {
    ready,
    waitFor,
    areGone: async (names) => {
      const left = async () => (await pods()).filter(({ metadata }) => names.includes(metadata?.name ?? ""))
      const timeout_ms = recovery_timeout_ms
      await until("the former replicas having ended", async () => (await left()).length === 0, { timeout_ms })
    },
    kill: async ({ name, containerId }) => {
      for (const pid of processesOf([containerId])) kill(pid)
      await kube.kubectl(["-n", namespace, "delete", "pod", "--force", "--grace-period=0", name])
    },
    armKill: async () => {
      const replicas = await ready()
      const pids = processesOf(replicas.map(({ containerId }) => containerId))
      if (pids.length < replicas.length) throw new Error(`processes of ${replicas.length} replicas: ${pids.length}`)
      const names = replicas.map(({ name }) => name)
      return {
        fire: () => {
          const killed = pids.filter(kill)
          if (killed.length < replicas.length)
            throw new Error(`of ${replicas.length} replicas ${killed.length} still ran`)
        },
        recover: async () => {
          await kube.kubectl(["-n", namespace, "delete", "pod", "--force", "--grace-period=0", ...names])
          await waitFor(replicas.length, names)
        },
      }
    },
  }
}

/** @returns false for a process that has ended before */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL")
  } catch {
    return false
  }
}

function replicaOf(pod: V1Pod): Replica[] {
  const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  const container = pod.status?.containerStatuses?.find(({ state }) => state?.running)
  const [, containerId] = container?.containerID?.split("://") ?? []
  const { name, deletionTimestamp } = pod.metadata ?? {}
  const address = pod.status?.podIP
  if (!isReady || deletionTimestamp || !name || !address || !containerId) return []
  return [{ name, address, containerId }]
}

/** Processes of containers, found by their control groups: this works whichever runtime made them. */
export function processesOf(containerIds: readonly string[]): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => containerIds.some((id) => controlGroupsOf(pid).includes(id)))
}

function controlGroupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8")
  } catch {
    return "" // it has ended since it was listed
  }
}
