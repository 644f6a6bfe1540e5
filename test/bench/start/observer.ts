import type { V1Pod } from "@kubernetes/client-node"
import { firstAppended } from "../../support/appended.ts"
import type { AnyObject, Api } from "./api.ts"

/** Something seen in the cluster, with the time of seeing it (`performance.now()`). */
interface Sighting<T> {
  readonly at: number
  readonly object: T
}

/** Watches a namespace's pods and StatefulSets and says when something was first so. */
export interface Observer {
  /** Time at which a pod was first as asked. @throws Error after `timeout_ms` */
  pod(matches: (pod: V1Pod) => boolean, timeout_ms: number): Promise<Sighting<V1Pod>>
  statefulSet(matches: (object: AnyObject) => boolean, timeout_ms: number): Promise<Sighting<AnyObject>>
  close(): void
}

/** Starts to watch; what was seen before it is asked for is found too. */
export async function observe(api: Api, namespace: string): Promise<Observer> {
  const stopped = new AbortController()
  const collection = async <T>(path: string) => {
    const seen: Sighting<T>[] = []
    const listeners = new Set<() => void>()
    const take = (object: AnyObject) => {
      seen.push({ at: performance.now(), object: object as T })
      for (const listener of listeners) listener()
    }
    await api.watch(path, take, stopped.signal)
    return (matches: (object: T) => boolean, timeout_ms: number) =>
      firstAppended({
        items: seen,
        listeners,
        matches: ({ object }) => matches(object),
        timeout_ms,
        failure: () => `not seen within ${timeout_ms} ms`,
      })
  }
  return {
    pod: await collection<V1Pod>(`/api/v1/namespaces/${namespace}/pods`),
    statefulSet: await collection<AnyObject>(`/apis/apps/v1/namespaces/${namespace}/statefulsets`),
    close: () => stopped.abort(),
  }
}

/** Whether a condition of a pod is true. */
export function hasCondition(pod: V1Pod, type: string): boolean {
  return pod.status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false
}
