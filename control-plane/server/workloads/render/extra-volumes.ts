import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node"
import { HELPERS_PATH } from "./types.ts"
import { MOUNTABLE, RESERVED } from "./volumes.ts"

type Level = "restricted" | "baseline" | "privileged"

/** Volume types that Pod Security "restricted" admits. */
const RESTRICTED_TYPES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
]
const PROJECTED_SOURCES = ["configMap", "downwardAPI", "secret"]
// What Berth mounts, and what a container cannot do without. Exactly these paths.
const TAKEN_PATHS = ["/workspace", "/workspace/repo", "/workspace/.state", "/tmp", "/home/agent", "/opt/berth"]
// These and everything below.
const TAKEN_TREES = ["/etc/berth", "/var/run/berth", "/run/berth", "/proc", "/sys", "/dev"]
const SHADOWING_PATHS = [
  "/",
  "/bin",
  "/etc",
  "/home",
  "/lib",
  "/lib64",
  "/opt",
  "/run",
  "/sbin",
  "/usr",
  "/var",
  "/var/run",
]
const SHADOWING_TREES = ["/usr/bin", "/usr/lib", "/usr/local/bin", "/usr/sbin"]

/** `sessions.extraVolumes`: any volume of core/v1 that the namespace's Pod Security level admits and that brings no token. */
export function checkVolumes(volumes: readonly V1Volume[], level: Level, faults: string[]): void {
  const seen = new Set<string>()
  for (const volume of volumes) {
    const where = `sessions.extraVolumes[].name="${volume.name}"`
    if (([...MOUNTABLE, ...RESERVED] as string[]).includes(volume.name)) {
      faults.push(`${where} is Berth's own volume; choose another name`)
    }
    if (seen.has(volume.name)) faults.push(`${where} is defined twice`)
    seen.add(volume.name)
    for (const type of Object.keys(volume).filter((key) => key !== "name")) checkType(where, type, level, faults)
    for (const source of volume.projected?.sources ?? []) {
      for (const kind of Object.keys(source)) {
        // The pod's one token is the broker's. A second audience would be another identity in the agent's hands.
        if (!PROJECTED_SOURCES.includes(kind)) {
          faults.push(
            `${where}: the projected source ${kind} is not possible; sources: [${PROJECTED_SOURCES.join(", ")}]`,
          )
        }
      }
    }
  }
}

function checkType(where: string, type: string, level: Level, faults: string[]): void {
  if (RESTRICTED_TYPES.includes(type) || level === "privileged") return
  if (type === "hostPath") {
    faults.push(`${where}: hostPath needs sessions.podSecurityLevel: privileged`)
  } else if (level === "restricted") {
    faults.push(
      `${where}: the type ${type} needs sessions.podSecurityLevel: baseline; types: [${RESTRICTED_TYPES.join(", ")}]`,
    )
  }
}

/** `sessions.extraVolumeMounts`: each must name a volume that is there, at a place that Berth does not need. */
export function checkMounts(
  mounts: readonly V1VolumeMount[],
  volumes: readonly V1Volume[],
  level: Level,
  faults: string[],
): void {
  checkEach("sessions.extraVolumeMounts[]", mounts, [...MOUNTABLE, ...namesOf(volumes)], level, faults)
}

/**
 * `authHelpers.container.volumeMounts`: what the sidecar's helpers read, a Secret for example. It has to be a volume of
 * `sessions.extraVolumes`; nothing of the workspace can be put in front of the programs that fetch tokens.
 */
export function checkSidecarMounts(
  mounts: readonly V1VolumeMount[],
  volumes: readonly V1Volume[],
  level: Level,
  faults: string[],
): void {
  const key = "authHelpers.container.volumeMounts[]"
  checkEach(key, mounts, namesOf(volumes), level, faults)
  for (const { name, mountPath } of mounts) {
    if (`${mountPath}/`.startsWith(`${HELPERS_PATH}/`)) {
      faults.push(`${key}.name="${name}": helpers come from authHelpers.configMap or sessions.extraVolumeMounts`)
    }
  }
}

function namesOf(volumes: readonly V1Volume[]): string[] {
  return volumes.map(({ name }) => name)
}

function checkEach(
  key: string,
  mounts: readonly V1VolumeMount[],
  mountable: readonly string[],
  level: Level,
  faults: string[],
): void {
  const names = [...new Set(mountable)].sort()
  const paths = new Set<string>()
  for (const mount of mounts) {
    const where = `${key}.name="${mount.name}"`
    if (!names.includes(mount.name)) {
      faults.push(`${where} references no defined volume; valid names: [${names.join(", ")}]`)
    }
    const path = mount.mountPath
    const plain = typeof path === "string" ? path.replace(/\/+$/, "") || "/" : ""
    if (typeof path !== "string" || !path.startsWith("/") || /[:\0]|\/\/|\/\.{1,2}(\/|$)/.test(path)) {
      faults.push(`${where}: mountPath must be an absolute path without "..", "//" and ":"`)
    } else if (isTaken(plain)) {
      faults.push(`${where}: ${plain} is needed by Berth or by the agent's own programs; mount it elsewhere`)
    }
    if (paths.has(plain)) faults.push(`${where}: ${plain} is mounted twice`)
    paths.add(plain)
    if (mount.mountPropagation !== undefined && mount.mountPropagation !== "None" && level !== "privileged") {
      faults.push(`${where}: mountPropagation needs sessions.podSecurityLevel: privileged`)
    }
    if (/(^|\/)\.\.(\/|$)/.test(mount.subPath ?? "") || /(^|\/)\.\.(\/|$)/.test(mount.subPathExpr ?? "")) {
      faults.push(`${where}: subPath must not contain ".."`)
    }
  }
}

function isTaken(path: string): boolean {
  if (TAKEN_PATHS.includes(path) || SHADOWING_PATHS.includes(path)) return true
  return [...TAKEN_TREES, ...SHADOWING_TREES].some((tree) => path === tree || path.startsWith(`${tree}/`))
}
