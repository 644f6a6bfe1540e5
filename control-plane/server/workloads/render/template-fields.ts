import type { V1EnvVar } from "@kubernetes/client-node"
import type { ContainerExtras } from "./types.ts"

type Fields = Readonly<Record<string, unknown>>
type Level = "restricted" | "baseline" | "privileged"

/** Where pods run and how they are counted. Nothing that changes what a pod may do. */
const SPEC_FIELDS = [
  "affinity",
  "dnsConfig",
  "dnsPolicy",
  "hostAliases",
  "imagePullSecrets",
  "nodeSelector",
  "preemptionPolicy",
  "priorityClassName",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "tolerations",
  "topologySpreadConstraints",
]
const POD_SECURITY_FIELDS = ["fsGroup", "seLinuxOptions", "supplementalGroups", "supplementalGroupsPolicy"]
const SELINUX_TYPES = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"]
const TEMPLATE_CONTAINER_FIELDS = ["env", "envFrom", "imagePullPolicy", "resources"]
const REPLACEMENT_FIELDS = [...TEMPLATE_CONTAINER_FIELDS, "args", "command", "image", "volumeMounts", "workingDir"]

const RESERVED_LABELS = /^(berth\.dev\/|app\.kubernetes\.io\/(name|instance|component)$)/
// Older spellings of security fields, which some runtimes still obey.
const SECURITY_ANNOTATIONS = /^(container\.apparmor\.security|container\.seccomp\.security|seccomp\.security)\./
const CRI_ANNOTATIONS = /^(io\.kubernetes\.cri|io\.katacontainers|run\.oci|dev\.gvisor)[.-]/
// What decides which program runs, and what Berth itself sets.
const RESERVED_ENVIRONMENT =
  /^(BERTH_|OPENCODE_|XDG_|LD_|GIT_|NODE_OPTIONS$|BUN_|BASH_ENV$|ENV$|PATH$|HOME$|SHELL$|USER$|PWD$|IFS$)/
// NODE_EXTRA_CA_CERTS adds to what helpers trust; the sidecar trusts the broker's authority alone.
const SIDECAR_RESERVED_ENVIRONMENT = /^(NODE_(?!EXTRA_CA_CERTS$|OPTIONS$)|OPENSSL_|UV_)/

/** Labels of the operator's, none of ours among them. */
export function checkLabels(labels: Fields, faults: string[]): void {
  for (const name of Object.keys(labels)) {
    if (RESERVED_LABELS.test(name)) faults.push(`sessions.podLabels: "${name}" is Berth's own label and cannot be set`)
  }
}

/** Annotations that do not reach into the container runtime. */
export function checkAnnotations(annotations: Fields, level: Level, faults: string[]): void {
  for (const name of Object.keys(annotations)) {
    if (CRI_ANNOTATIONS.test(name) || (SECURITY_ANNOTATIONS.test(name) && level !== "privileged")) {
      faults.push(`sessions.podAnnotations: "${name}" changes what a session's pod may do and cannot be set`)
    }
  }
}

/** The given fields of the pod's spec, when all of them are possible. */
export function checkSpecFields(spec: Fields, faults: string[]): Fields {
  const where = "sessions.podTemplate.spec"
  for (const key of Object.keys(spec)) {
    if (!SPEC_FIELDS.includes(key)) faults.push(`${where}.${key} is not possible; keys: [${SPEC_FIELDS.join(", ")}]`)
  }
  if (/^system-/.test(String(spec["priorityClassName"] ?? ""))) {
    faults.push("sessions.priorityClassName: the classes of the system itself are not for sessions")
  }
  if (spec["dnsPolicy"] === "ClusterFirstWithHostNet") faults.push(`${where}.dnsPolicy: sessions have no host network`)
  const security = (spec["securityContext"] ?? {}) as Fields
  for (const key of Object.keys(security)) {
    if (!POD_SECURITY_FIELDS.includes(key)) {
      faults.push(`${where}.securityContext.${key} is not possible; keys: [${POD_SECURITY_FIELDS.join(", ")}]`)
    }
  }
  const linux = (security["seLinuxOptions"] ?? {}) as { type?: string; user?: string; role?: string }
  if (!SELINUX_TYPES.includes(linux.type ?? "") || linux.user !== undefined || linux.role !== undefined) {
    faults.push(`${where}.securityContext.seLinuxOptions may hold a level and a container type only`)
  }
  for (const group of (security["supplementalGroups"] as unknown[] | undefined) ?? []) {
    if (group === 0) faults.push(`${where}.securityContext.supplementalGroups: group 0 is not possible`)
  }
  if (security["fsGroup"] === 0) faults.push(`${where}.securityContext.fsGroup: group 0 is not possible`)
  return spec
}

/** The given fields of one container. A `replacement` may also change which program runs. */
export function checkContainerFields(
  where: string,
  container: Fields,
  kind: "template" | "replacement",
  faults: string[],
): ContainerExtras {
  const allowed = kind === "template" ? TEMPLATE_CONTAINER_FIELDS : REPLACEMENT_FIELDS
  for (const key of Object.keys(container)) {
    if (!allowed.includes(key)) faults.push(`${where}: "${key}" is not possible; keys: [${allowed.join(", ")}]`)
  }
  for (const variable of (container["env"] as V1EnvVar[] | undefined) ?? []) {
    if (RESERVED_ENVIRONMENT.test(variable.name)) {
      faults.push(`${where}: the variable ${variable.name} decides how the container works and cannot be set`)
    }
  }
  for (const source of (container["envFrom"] as { prefix?: string }[] | undefined) ?? []) {
    // Names inside of the source are not known here; a prefix keeps them away from those that programs obey.
    if (kind === "template" && !isOwnPrefix(source.prefix ?? "")) {
      faults.push(
        `${where}: envFrom needs a prefix of its own that ends in "_", so that it cannot set PATH and the like`,
      )
    }
  }
  return container as ContainerExtras
}

/** The sidecar's own program obeys none of its environment but what Berth sets. The rest is for helpers. */
export function checkSidecarEnvironment(where: string, container: Fields, faults: string[]): void {
  for (const { name } of (container["env"] as V1EnvVar[] | undefined) ?? []) {
    if (SIDECAR_RESERVED_ENVIRONMENT.test(name)) {
      faults.push(`${where}: the variable ${name} decides whom the sidecar trusts and what it runs, and cannot be set`)
    }
  }
}

function isOwnPrefix(prefix: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_]*_$/.test(prefix) && !RESERVED_ENVIRONMENT.test(prefix)
}
