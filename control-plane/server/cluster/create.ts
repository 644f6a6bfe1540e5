import type {
  CoreV1Event,
  KubeConfig,
  V1ConfigMap,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1StatefulSet,
} from "@kubernetes/client-node"
import type { Logger } from "pino"
import type { Config } from "../config/types.ts"
import { AppError, isAppError } from "../errors/index.ts"
import type { Clock } from "../time/index.ts"
import { createConnection } from "./connection.ts"
import { type ReflectorLimits, reflect } from "./reflector.ts"
import { createRest, type Rest } from "./rest.ts"
import type { Cluster } from "./types.ts"
import { createViewStore, type Named, type ViewStore } from "./view.ts"

const FIELD_MANAGER = "berth"

export interface ClusterOptions {
  readonly config: { readonly file: Pick<Config["file"], "release" | "sessionNamespace"> }
  readonly log: Logger
  readonly clock: Clock
  readonly random?: () => number
  /** Instead of KUBECONFIG or the pod's service account. */
  readonly kubeConfig?: KubeConfig
  readonly limits?: Partial<ReflectorLimits>
}

/**
 * The view of the session namespace and the writes to it. Views hold the objects with our release label only.
 * @throws Error when no cluster is configured.
 */
export function createCluster(options: ClusterOptions): Cluster {
  const connection = createConnection(options.clock, options.kubeConfig)
  const rest = createRest(connection)
  const paths = collectionPaths(options.config.file.sessionNamespace)
  const stopping = new AbortController()
  const running: Promise<void>[] = []
  const starts: (() => Promise<void>)[] = []

  const reflected = <T extends Named>(path: string): ViewStore<T> => {
    const view = createViewStore<T>({ indexedLabel: "berth.dev/workload", log: options.log, now: options.clock.now })
    starts.push(async () => {
      const listed = Promise.withResolvers<void>()
      stopping.signal.addEventListener("abort", () => listed.reject(new Error("stopped")), { once: true })
      const loop = reflect({
        rest,
        path,
        view,
        labelSelector: `berth.dev/release=${options.config.file.release}`,
        log: options.log,
        clock: options.clock,
        random: options.random ?? Math.random,
        signal: stopping.signal,
        listed: listed.resolve,
        ...(options.limits === undefined ? {} : { limits: options.limits }),
      })
      running.push(loop)
      await listed.promise
    })
    return view
  }

  return {
    pods: reflected<V1Pod>(paths.pods),
    statefulSets: reflected<V1StatefulSet>(paths.statefulSets),
    claims: reflected<V1PersistentVolumeClaim>(paths.claims),
    ...writes(rest, paths),
    ...reads(rest, paths),
    async start() {
      await Promise.all(starts.splice(0).map((start) => start()))
    },
    async stop() {
      stopping.abort(new Error("stopped"))
      await Promise.all(running)
      await connection.close()
    },
  }
}

type Paths = ReturnType<typeof collectionPaths>

function collectionPaths(namespace: string) {
  const core = `/api/v1/namespaces/${namespace}`
  return {
    pods: `${core}/pods`,
    claims: `${core}/persistentvolumeclaims`,
    secrets: `${core}/secrets`,
    configMaps: `${core}/configmaps`,
    events: `${core}/events`,
    statefulSets: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
  }
}

type Writes = Pick<
  Cluster,
  | "applyStatefulSet"
  | "applySecret"
  | "createClaim"
  | "enlargeClaim"
  | "scaleStatefulSet"
  | "deleteStatefulSet"
  | "deletePod"
  | "deleteClaim"
>

function writes(rest: Rest, paths: Paths): Writes {
  const apply = <T extends Named>(collection: string, manifest: T) =>
    rest.call<T>({
      method: "PATCH",
      path: `${collection}/${encodeURIComponent(manifest.metadata?.name ?? "")}`,
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: manifest,
    })
  const remove = async (collection: string, name: string, uid: string) => {
    const body = { preconditions: { uid }, propagationPolicy: "Background" }
    try {
      await rest.call({ method: "DELETE", path: `${collection}/${encodeURIComponent(name)}`, body })
    } catch (error) {
      // Gone, or another object under the same name: either way the one that was meant is no more.
      if (!isAppError(error, "not_found") && !isAppError(error, "conflict")) throw error
    }
  }
  return {
    applyStatefulSet: (manifest: V1StatefulSet) => apply(paths.statefulSets, manifest),
    applySecret: (manifest: V1Secret) => apply(paths.secrets, manifest),
    async createClaim(manifest) {
      try {
        await rest.call({ method: "POST", path: paths.claims, query: { fieldManager: FIELD_MANAGER }, body: manifest })
      } catch (error) {
        if (!isAppError(error, "conflict")) throw error
      }
    },
    async enlargeClaim(name, uid, storageSize) {
      await rest.call({
        method: "PATCH",
        path: `${paths.claims}/${encodeURIComponent(name)}`,
        query: { fieldManager: FIELD_MANAGER },
        contentType: "application/merge-patch+json",
        body: { metadata: { uid }, spec: { resources: { requests: { storage: storageSize } } } },
      })
    },
    async scaleStatefulSet(name, uid, replicas) {
      try {
        await rest.call({
          method: "PATCH",
          path: `${paths.statefulSets}/${encodeURIComponent(name)}`,
          query: { fieldManager: FIELD_MANAGER },
          contentType: "application/merge-patch+json",
          body: { metadata: { uid }, spec: { replicas } },
        })
        return true
      } catch (error) {
        if (isAppError(error, "not_found") || isAppError(error, "conflict") || isOtherUid(error)) return false
        throw error
      }
    },
    deleteStatefulSet: (name, uid) => remove(paths.statefulSets, name, uid),
    deletePod: (name, uid) => remove(paths.pods, name, uid),
    deleteClaim: (name, uid) => remove(paths.claims, name, uid),
  }
}

/** A patch that names another uid is answered 422: "metadata.uid: … field is immutable". */
function isOtherUid(error: unknown): boolean {
  return isAppError(error, "upstream_refused") && /metadata\.uid: Invalid value/.test(error.message)
}

type Reads = Pick<Cluster, "getPod" | "getStatefulSet" | "eventsOf" | "getConfigMap" | "tokenKeys">

function reads(rest: Rest, paths: Paths): Reads {
  const get = async <T>(collection: string, name: string): Promise<T | null> => {
    try {
      return await rest.call<T>({ method: "GET", path: `${collection}/${encodeURIComponent(name)}` })
    } catch (error) {
      if (isAppError(error, "not_found")) return null
      throw error
    }
  }
  return {
    getPod: (name) => get<V1Pod>(paths.pods, name),
    getStatefulSet: (name) => get<V1StatefulSet>(paths.statefulSets, name),
    getConfigMap: (name) => get<V1ConfigMap>(paths.configMaps, name),
    async eventsOf(kind, name) {
      const { items } = await rest.call<{ items?: CoreV1Event[] }>({
        method: "GET",
        path: paths.events,
        query: { fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}`, limit: "100" },
      })
      return (items ?? []).sort((a, b) => eventTime(b) - eventTime(a))
    },
    async tokenKeys() {
      const [discovery, jwks] = await Promise.all([
        rest.call<{ issuer?: string }>({ method: "GET", path: "/.well-known/openid-configuration" }),
        rest.call<{ keys?: Record<string, unknown>[] }>({ method: "GET", path: "/openid/v1/jwks" }),
      ])
      if (discovery.issuer === undefined || jwks.keys === undefined) {
        throw new AppError("unavailable", "The Kubernetes API did not tell its token issuer and keys.")
      }
      return { issuer: discovery.issuer, jwks: { keys: jwks.keys } }
    },
  }
}

/** The answer is JSON: times are text, whatever the types say. */
function eventTime(event: CoreV1Event): number {
  const at = event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp ?? event.metadata.creationTimestamp
  return at === undefined ? 0 : new Date(at).getTime()
}
