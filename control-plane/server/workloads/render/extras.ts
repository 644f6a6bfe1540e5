import type { V1PodSpec, V1Volume, V1VolumeMount } from "@kubernetes/client-node"
import { checkMounts, checkSidecarMounts, checkVolumes } from "./extra-volumes.ts"
import { checkHostAliases, checkOwnObjects } from "./own-objects.ts"
import {
  checkAnnotations,
  checkContainerFields,
  checkLabels,
  checkSidecarEnvironment,
  checkSpecFields,
} from "./template-fields.ts"
import { CONTAINER_NAMES, type ContainerExtras, type ContainerName, type Extras, type TemplateConfig } from "./types.ts"

type Fields = Readonly<Record<string, unknown>>

const CONTAINER_LISTS = ["initContainers", "containers"] as const

/**
 * What the operator adds to every session's pod, from `sessions.*` and `authHelpers.container`, checked against lists of
 * what is allowed: a field that is not listed is refused, however harmless it may be.
 * Every fault names the key and says what is possible; with faults, `extras` must not be used.
 */
export function readExtras(config: TemplateConfig): { extras: Extras; faults: string[] } {
  const faults: string[] = []
  const { sessions } = config
  const template = fieldsOf(sessions.podTemplate)
  const metadata = fieldsOf(template["metadata"])
  const spec = fieldsOf(template["spec"])
  onlyKeys("sessions.podTemplate", template, ["metadata", "spec"], faults)
  onlyKeys("sessions.podTemplate.metadata", metadata, ["labels", "annotations"], faults)

  const labels = { ...(metadata["labels"] as Record<string, string> | undefined), ...sessions.podLabels }
  const annotations = { ...(metadata["annotations"] as Record<string, string> | undefined), ...sessions.podAnnotations }
  checkLabels(labels, faults)
  checkAnnotations(annotations, sessions.podSecurityLevel, faults)

  const containers = readContainers(config, spec, faults)
  const volumes = [...listOf<V1Volume>(spec["volumes"]), ...((sessions.extraVolumes ?? []) as unknown as V1Volume[])]
  const mounts = [
    ...listOf<V1VolumeMount>(agentTemplate(spec)["volumeMounts"]),
    ...((sessions.extraVolumeMounts ?? []) as unknown as V1VolumeMount[]),
  ]
  checkVolumes(volumes, sessions.podSecurityLevel, faults)
  checkMounts(mounts, volumes, sessions.podSecurityLevel, faults)
  checkSidecarMounts(containers.auth.volumeMounts ?? [], volumes, sessions.podSecurityLevel, faults)

  checkOwnObjects("sessions.extraVolumes", volumes, config, faults)
  checkOwnObjects("sessions.podTemplate", [spec["containers"], spec["initContainers"]], config, faults)
  checkOwnObjects("authHelpers.container", config.authHelpers?.container, config, faults)
  checkHostAliases(spec["hostAliases"], config, faults)

  const { initContainers: _i, containers: _c, volumes: _v, ...rest } = spec
  const plain = checkSpecFields({ ...rest, ...placementOf(config) }, faults)
  return { extras: { labels, annotations, spec: plain as Partial<V1PodSpec>, containers, volumes, mounts }, faults }
}

/** The values that have keys of their own win over the same ones in the template. */
function placementOf({ sessions }: TemplateConfig): Fields {
  const { imagePullSecrets, nodeSelector, tolerations, affinity, runtimeClassName, priorityClassName } = sessions
  const given = { imagePullSecrets, nodeSelector, tolerations, affinity, runtimeClassName, priorityClassName }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== ""))
}

function readContainers(
  config: TemplateConfig,
  spec: Fields,
  faults: string[],
): Record<ContainerName, ContainerExtras> {
  const found: Record<ContainerName, ContainerExtras> = { auth: {}, "workspace-init": {}, agent: {} }
  for (const list of CONTAINER_LISTS) {
    for (const container of listOf<Fields>(spec[list])) {
      const key = `sessions.podTemplate.spec.${list}[]`
      const name = CONTAINER_NAMES.find((one) => one === container["name"])
      if (name === undefined) {
        faults.push(
          `${key}.name="${String(container["name"])}" is not possible; names: [${CONTAINER_NAMES.join(", ")}]`,
        )
        continue
      }
      const { name: _name, volumeMounts, ...rest } = container
      if (volumeMounts !== undefined && name !== "agent") {
        faults.push(`${key}: volumeMounts are possible for "agent" only, not for "${name}"`)
      }
      found[name] = checkContainerFields(`${key} "${name}"`, rest, "template", faults)
      if (name === "auth") checkSidecarEnvironment(`${key} "${name}"`, rest, faults)
    }
  }
  const { name: _name, ...sidecar } = fieldsOf(config.authHelpers?.container)
  checkSidecarEnvironment("authHelpers.container", sidecar, faults)
  found.auth = { ...found.auth, ...checkContainerFields("authHelpers.container", sidecar, "replacement", faults) }
  return found
}

function agentTemplate(spec: Fields): Fields {
  return listOf<Fields>(spec["containers"]).find((container) => container["name"] === "agent") ?? {}
}

/** What is wrong with the settings for session pods, for the start-up check. */
export function sessionPodFaults(config: TemplateConfig): string[] {
  return readExtras(config).faults
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function listOf<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : []
}

function onlyKeys(where: string, fields: Fields, allowed: readonly string[], faults: string[]): void {
  for (const key of Object.keys(fields)) {
    if (!allowed.includes(key)) faults.push(`${where}.${key} is not possible; keys: [${allowed.join(", ")}]`)
  }
}
