export const WORKLOAD_LABEL = "berth.dev/workload"
export const SESSION_LABEL = "berth.dev/session"
const RELEASE_LABEL = "berth.dev/release"
/** Characters of a workload's id. Random, so that no name can be chosen to reach another's volume. */
export const WORKLOAD_ID_LENGTH = 10

/** Name of the StatefulSet and of the Secret. At most 52 characters: the pod's controller label must stay within 63. */
export function workloadName(release: string, workloadId: string): string {
  return `${release}-s-${workloadId}`
}

/** Of the one pod of a workload. */
export function podName(workload: string): string {
  return `${workload}-0`
}

/** Of the claim for the workspace's volume. */
export function claimName(workload: string): string {
  return `workspace-${workload}-0`
}

/** Argo CD takes objects with its application's instance label for its own, and would prune them. */
export const HANDS_OFF = {
  "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
  "argocd.argoproj.io/sync-options": "Prune=false",
} as const

interface Identity {
  readonly release: string
  readonly instance: string
  readonly workloadId: string
  readonly sessionId: string
}

/** Labels of everything that belongs to one workload. */
export function workloadLabels(identity: Identity): Record<string, string> {
  return {
    "app.kubernetes.io/name": "berth",
    "app.kubernetes.io/instance": identity.instance,
    "app.kubernetes.io/component": "session",
    [RELEASE_LABEL]: identity.release,
    [WORKLOAD_LABEL]: identity.workloadId,
    [SESSION_LABEL]: identity.sessionId,
  }
}
