/** The parts of Kubernetes objects that the tests look at. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: {
    name: string
    namespace?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
  }
  // Objects of many kinds: what is below is read by path.
  [field: string]: unknown
}

export interface Container {
  name: string
  image: string
  args?: string[]
  env?: EnvVar[]
  envFrom?: { secretRef?: { name: string }; configMapRef?: { name: string } }[]
  ports?: { name?: string; containerPort: number }[]
  volumeMounts?: { name: string; mountPath: string }[]
  resources?: { requests?: Record<string, string> }
  securityContext?: Record<string, unknown>
  [field: string]: unknown
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean }; [source: string]: unknown }
}

export interface Volume {
  name: string
  secret?: { secretName: string }
  configMap?: { name: string }
  projected?: { sources: { secret?: { name: string } }[] }
  [source: string]: unknown
}

export interface PodSpec {
  serviceAccountName?: string
  automountServiceAccountToken?: boolean
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  [field: string]: unknown
}

/** A pod that the chart makes: by itself, or through a Deployment, StatefulSet or Job. */
export interface Pod {
  /** `Kind/name` of what makes it. */
  readonly owner: string
  readonly kind: string
  readonly namespace: string
  readonly labels: Record<string, string>
  readonly spec: PodSpec
}

/** `Kind/namespace/name`. */
export function idOf(object: KubernetesObject): string {
  return `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name}`
}

/** The value at a dotted path, or undefined. */
export function at(object: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined
  }, object)
}

/** Every pod that these objects make. */
export function podsOf(objects: readonly KubernetesObject[]): Pod[] {
  return objects.flatMap((object) => {
    const template = object.kind === "Pod" ? object : at(object, "spec.template")
    const spec = at(template, "spec") as PodSpec | undefined
    if (!["Pod", "Deployment", "StatefulSet", "Job"].includes(object.kind) || spec === undefined) return []
    const labels = (at(template, "metadata.labels") ?? {}) as Record<string, string>
    const namespace = object.metadata.namespace ?? ""
    return [{ owner: `${object.kind}/${object.metadata.name}`, kind: object.kind, namespace, labels, spec }]
  })
}

/** All containers of a pod. */
export function containersOf(pod: Pod): Container[] {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
}

/** Objects of one kind. */
export function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject[] {
  return objects.filter((object) => object.kind === kind)
}

/** The one object of this kind and name. @throws Error when there is none */
export function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name)
  if (!found) throw new Error(`there is no ${kind} ${name}`)
  return found
}

/** The control plane's settings as the chart renders them. */
export function configOf(objects: readonly KubernetesObject[]): string {
  const map = ofKind(objects, "ConfigMap").find(
    (object) => at(object, "data") && "config.json" in (object["data"] as object),
  )
  return String((map?.["data"] as Record<string, string> | undefined)?.["config.json"])
}
