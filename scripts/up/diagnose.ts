import type { Kubectl } from "../../dev/cluster/index.ts"

type Status = {
  name: string
  ready?: boolean
  state?: { waiting?: { reason?: string; message?: string }; terminated?: { reason?: string; exitCode?: number } }
  lastState?: { terminated?: { reason?: string; exitCode?: number } }
}
type Pod = {
  metadata: { name: string }
  status: {
    phase?: string
    conditions?: { type: string; status: string; message?: string }[]
    initContainerStatuses?: Status[]
    containerStatuses?: Status[]
  }
}

/** Why pods are not ready, one line a cause: what a person would look for with `kubectl describe`. */
export function explainPods(pods: Pod[]): string[] {
  return pods.flatMap(({ metadata, status }) => {
    if (status.phase === "Succeeded") return []
    const unscheduled = status.conditions?.find(({ type, status: met }) => type === "PodScheduled" && met === "False")
    if (unscheduled) return [`${metadata.name}: not scheduled: ${unscheduled.message ?? "no reason given"}`]
    return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].flatMap((container) => {
      const { waiting, terminated } = container.state ?? {}
      const where = `${metadata.name}/${container.name}`
      if (waiting?.reason === "PodInitializing") return []
      if (waiting) return [`${where}: ${waiting.reason ?? "waiting"}${waiting.message ? `: ${waiting.message}` : ""}`]
      if (terminated && terminated.exitCode !== 0) return [`${where}: ended with status ${terminated.exitCode}`]
      return container.ready === false && !terminated ? [`${where}: running, not ready`] : []
    })
  })
}

/** What keeps a namespace's pods from being ready, and the last lines of those that run but are not ready. */
export async function diagnose(kubectl: Kubectl, namespace: string): Promise<string> {
  const scope = ["-n", namespace]
  const list: { items: Pod[] } = JSON.parse(await kubectl([...scope, "get", "pods", "-o", "json"], { quiet: true }))
  const lines = explainPods(list.items)
  for (const line of lines.slice(0, 3)) {
    const [, pod, container] = /^([^/:]+)\/([^:]+):/.exec(line) ?? []
    if (!pod || !container) continue
    const log = await kubectl([...scope, "logs", pod, "-c", container, "--tail=8"]).catch(() => "")
    if (log.trim()) lines.push(`last lines of ${pod}/${container}:`, ...log.trimEnd().split("\n"))
  }
  return lines.join("\n")
}
