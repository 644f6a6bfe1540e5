import type {
  CoreV1Event,
  V1ConfigMap,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1StatefulSet,
} from "@kubernetes/client-node"

/**
 * The control plane's view of the session namespace: lists kept fresh by watches, and the few writes that it is
 * allowed. Nothing but this folder imports the Kubernetes client (types apart).
 */
export interface Cluster {
  readonly pods: View<V1Pod>
  readonly statefulSets: View<V1StatefulSet>
  readonly claims: View<V1PersistentVolumeClaim>
  /** Server-side apply under our field manager, forced. Returns the object as stored. */
  applyStatefulSet(manifest: V1StatefulSet): Promise<V1StatefulSet>
  applySecret(manifest: V1Secret): Promise<V1Secret>
  /** Leaves one that exists as it is: a claim is bound to its volume and cannot be changed. */
  createClaim(manifest: V1PersistentVolumeClaim): Promise<void>
  /** Asks for a larger volume; Kubernetes does not make one smaller. @throws AppError `upstream_refused` where its class cannot */
  enlargeClaim(name: string, uid: string, storageSize: string): Promise<void>
  /** Changes `spec.replicas` only, guarded by uid. False when it is gone or another. */
  scaleStatefulSet(name: string, uid: string, replicas: 0 | 1): Promise<boolean>
  /** Idempotent; `uid` guards against deleting a namesake. */
  deleteStatefulSet(name: string, uid: string): Promise<void>
  deletePod(name: string, uid: string): Promise<void>
  deleteClaim(name: string, uid: string): Promise<void>
  /** Live reads, for decisions that must not rest on a cached view. Null when there is none. */
  getPod(name: string): Promise<V1Pod | null>
  getStatefulSet(name: string): Promise<V1StatefulSet | null>
  /** Events about one object, newest first: where a quota's refusal is told. */
  eventsOf(kind: string, name: string): Promise<CoreV1Event[]>
  getConfigMap(name: string): Promise<V1ConfigMap | null>
  /** The cluster's keys for service-account tokens: issuer and JWKS as served by the API server. */
  tokenKeys(): Promise<{ issuer: string; jwks: { keys: Record<string, unknown>[] } }>
  /** Starts the watches; resolves after the first complete lists. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** A cached list, addressed by name. */
export interface View<T> {
  get(name: string): T | undefined
  /** Objects with this label value. */
  byLabel(label: string, value: string): T[]
  all(): T[]
  /** Called after each change of one object, and with null after a relist. */
  onChange(listener: (object: T | null) => void): () => void
  /** Milliseconds since the last sign of life of the watch or list; for readiness and metrics. */
  age_ms(): number
}
