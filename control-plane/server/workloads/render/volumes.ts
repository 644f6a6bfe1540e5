import type { V1Volume, V1VolumeMount } from "@kubernetes/client-node"
import type { TemplateConfig } from "./types.ts"
import { HELPERS_PATH } from "./types.ts"

/** Built-in volumes that an operator's extra mount may name. */
export const MOUNTABLE = ["agent-config", "auth-secret", "workspace"] as const
/** Of ours, so that an operator's volume may be called `tmp` or `auth-helpers`. */
export const HELPERS_VOLUME = "berth-auth-helpers"
/** Built-in volumes that nobody else may name or define. */
export const RESERVED = [
  HELPERS_VOLUME,
  "berth-auth-tmp",
  "berth-broker-ca",
  "berth-broker-token",
  "berth-tmp",
] as const
/** Of the mountable ones, those that stay read-only. */
const READ_ONLY: readonly string[] = ["agent-config", "auth-secret"]

const TOKEN_LIFETIME_S = 600

/** The built-in volumes, less `workspace`, which comes from the StatefulSet's claim template. */
export function builtInVolumes(config: TemplateConfig, secretName: string, withHelpers: boolean): V1Volume[] {
  const helpers = config.authHelpers?.configMap
  return [
    { name: "agent-config", emptyDir: { medium: "Memory", sizeLimit: "16Mi" } },
    {
      name: "auth-secret",
      secret: { secretName, defaultMode: 0o440, items: [{ key: "password", path: "password" }] },
    },
    {
      name: "berth-broker-token",
      projected: {
        defaultMode: 0o440,
        sources: [
          {
            serviceAccountToken: {
              audience: config.broker.audience,
              expirationSeconds: TOKEN_LIFETIME_S,
              path: "token",
            },
          },
        ],
      },
    },
    {
      name: "berth-broker-ca",
      configMap: { name: config.broker.caConfigMap, defaultMode: 0o444, items: [{ key: "ca.crt", path: "ca.crt" }] },
    },
    { name: "berth-tmp", emptyDir: { sizeLimit: config.sessions.scratchSize } },
    { name: "berth-auth-tmp", emptyDir: { sizeLimit: "64Mi" } },
    ...(withHelpers && helpers !== undefined
      ? [{ name: HELPERS_VOLUME, configMap: { name: helpers, defaultMode: 0o755 } }]
      : []),
  ]
}

/** Where the helpers come from: an operator's own mount at the helper directory replaces the built-in one. */
export function helperMount(config: TemplateConfig, extra: readonly V1VolumeMount[]): V1VolumeMount | null {
  const own = extra.find((mount) => samePath(mount.mountPath, HELPERS_PATH))
  if (own !== undefined) return { ...own, readOnly: true }
  return config.authHelpers?.configMap === undefined
    ? null
    : { name: HELPERS_VOLUME, mountPath: HELPERS_PATH, readOnly: true }
}

/** The operator's mounts for `agent`, last in its list. Built-in volumes that are read-only stay so. */
export function extraMounts(extra: readonly V1VolumeMount[]): V1VolumeMount[] {
  return extra
    .filter((mount) => !samePath(mount.mountPath, HELPERS_PATH))
    .map((mount) => (READ_ONLY.includes(mount.name) ? { ...mount, readOnly: true } : mount))
}

/** Whether two mount paths are one. */
function samePath(a: string, b: string): boolean {
  return a.replace(/\/+$/, "") === b.replace(/\/+$/, "")
}
