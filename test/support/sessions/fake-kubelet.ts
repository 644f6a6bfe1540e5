import type { V1Pod } from "@kubernetes/client-node"
import type { ApiServer } from "../apiserver.ts"

type Status = Record<string, unknown>

const image = { image: "test", imageID: "test", ready: true, started: true, restartCount: 0 }

/** What a node would report of pods, written by the test. */
export class FakeKubelet {
  readonly #api: ApiServer

  constructor(api: ApiServer) {
    this.#api = api
  }

  async pods(): Promise<V1Pod[]> {
    return await this.#list<V1Pod>("pods")
  }

  /** Names of everything with our label, `kind/name`. */
  async objects(): Promise<string[]> {
    const kinds = "statefulsets,pods,persistentvolumeclaims,secrets"
    const args = ["-n", "sessions", "get", kinds, "-l", "berth.dev/release=berth", "-o", "name"]
    return (await this.#api.kubectl(args)).split("\n").filter((line) => line !== "")
  }

  /** The pod runs, all containers are up. */
  async run(
    pod: string,
    ip = "127.0.0.1",
    restarts = 0,
    lastExit?: { reason: string; exitCode: number },
  ): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z")
    const running = { state: { running: { startedAt: now } } }
    const last = lastExit && { lastState: { terminated: { ...lastExit, startedAt: now, finishedAt: now } } }
    await this.status(pod, {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) =>
        condition(type, "True", now),
      ),
      containerStatuses: [
        { ...image, name: "auth", ...running },
        { ...image, name: "workspace-init", ...running },
        { ...image, name: "agent", ...running, restartCount: restarts, ...last },
      ],
    })
  }

  /** Runs every pod that comes up, until the signal aborts. */
  async runEverything(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const { metadata, status } of await this.pods()) {
        if (status?.phase === "Running" || metadata?.deletionTimestamp !== undefined) continue
        await this.run(metadata?.name ?? "").catch(() => undefined)
      }
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  }

  /** A container waits for the given reason. */
  async waits(pod: string, container: "auth" | "agent", reason: string, message: string): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z")
    const waiting = { ...image, ready: false, started: false, name: container, state: { waiting: { reason, message } } }
    await this.status(pod, {
      phase: "Pending",
      conditions: [condition("PodScheduled", "True", now)],
      containerStatuses: [waiting],
    })
  }

  async unschedulable(pod: string, message: string): Promise<void> {
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z")
    const one = { ...condition("PodScheduled", "False", now), reason: "Unschedulable", message }
    await this.status(pod, { phase: "Pending", conditions: [one] })
  }

  async status(pod: string, status: Status): Promise<void> {
    const patch = JSON.stringify({ status })
    const args = ["-n", "sessions", "patch", "pod", pod, "--subresource=status", "--type=merge", "-p", patch]
    await this.#api.kubectl(args)
  }

  async delete(pod: string): Promise<void> {
    await this.#api.kubectl(["-n", "sessions", "delete", "pod", pod, "--wait=true"])
  }

  async #list<T>(kind: string): Promise<T[]> {
    const args = ["-n", "sessions", "get", kind, "-l", "berth.dev/release=berth", "-o", "json"]
    return (JSON.parse(await this.#api.kubectl(args)) as { items: T[] }).items
  }
}

function condition(type: string, status: string, at: string): Record<string, string> {
  return { type, status, lastTransitionTime: at }
}
