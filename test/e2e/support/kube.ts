import type { V1ObjectMeta } from "@kubernetes/client-node"
import type { RunOptions } from "../../../scripts/lib/run.ts"

/** The head of any Kubernetes object. */
export interface KubeObject {
  readonly kind?: string
  readonly metadata?: V1ObjectMeta
}

/** An administrator's view of the cluster. */
export interface Kube {
  kubectl(args: string[], options?: RunOptions): Promise<string>
  /** Objects of one kind in all namespaces, by label selector. */
  list<T extends KubeObject>(kind: string, selector?: string): Promise<T[]>
  apply(object: object): Promise<void>
  /** Everything in the cluster that belongs to a session, as `kind/name`. Volumes of its claims too. */
  leftOf(session: SessionObjects): Promise<string[]>
  /** Names by which a session's objects can be found after their labels are gone. */
  objectsOf(sessionId: string): Promise<SessionObjects>
}

export interface SessionObjects {
  readonly sessionId: string
  /** Name of its StatefulSet; undefined when there is none yet. */
  readonly workload: string | undefined
}

const sessionLabel = "berth.dev/session"
const kinds = ["statefulsets", "pods", "persistentvolumeclaims", "secrets"]

type Volume = KubeObject & { readonly spec?: { readonly claimRef?: { readonly name?: string } } }

/** @param kubectl runs kubectl as an administrator and answers its stdout */
export function createKube(kubectl: Kube["kubectl"]): Kube {
  const list = async <T extends KubeObject>(kind: string, selector?: string) => {
    const filter = selector === undefined ? [] : ["--selector", selector]
    return (JSON.parse(await kubectl(["get", kind, "--all-namespaces", "-o", "json", ...filter])) as { items: T[] })
      .items
  }
  return {
    kubectl,
    list,
    apply: async (object) => void (await kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) })),
    objectsOf: async (sessionId) => ({
      sessionId,
      workload: (await list("statefulsets", `${sessionLabel}=${sessionId}`))[0]?.metadata?.name,
    }),
    leftOf: async ({ sessionId, workload }) => {
      const [labelled, all, volumes] = await Promise.all([
        list(kinds.join(","), `${sessionLabel}=${sessionId}`),
        workload === undefined ? [] : list(kinds.join(",")),
        workload === undefined ? [] : list<Volume>("persistentvolumes"),
      ])
      const names = [workload, `${workload}-0`, `workspace-${workload}-0`]
      const left = [
        ...labelled,
        ...all.filter(({ metadata }) => names.includes(metadata?.name)),
        ...volumes.filter(({ spec }) => names.includes(spec?.claimRef?.name)),
      ]
      return [...new Set(left.map(({ kind, metadata }) => `${kind}/${metadata?.name}`))].sort()
    },
  }
}
