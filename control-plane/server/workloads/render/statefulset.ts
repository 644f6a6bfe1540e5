import type { V1PersistentVolumeClaim, V1PodTemplateSpec, V1StatefulSet } from "@kubernetes/client-node"
import { HANDS_OFF, workloadLabels, workloadName } from "../names.ts"
import { containers } from "./containers.ts"
import type { Extras, TemplateConfig } from "./types.ts"
import { builtInVolumes, HELPERS_VOLUME, helperMount } from "./volumes.ts"

export interface RenderInput {
  readonly config: TemplateConfig
  readonly extras: Extras
  readonly workloadId: string
  readonly sessionId: string
  /** The StatefulSet as it is, when there is one: its claim template cannot be changed any more. */
  readonly existing: V1StatefulSet | null
}

/**
 * The StatefulSet of a workload, without a pod: 0 replicas. Pure.
 * Nothing in it tells of a user, a repository or a credential: the pod asks the broker who it is for.
 */
export function renderStatefulSet(input: RenderInput): V1StatefulSet {
  const { config, workloadId, sessionId } = input
  const name = workloadName(config.release, workloadId)
  const labels = workloadLabels({ release: config.release, instance: config.instance, workloadId, sessionId })
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: config.sessionNamespace, labels, annotations: HANDS_OFF },
    spec: {
      replicas: 0,
      serviceName: "",
      revisionHistoryLimit: 1,
      // A pod that cannot start must not stand in the way of its own replacement; we decide when it is replaced.
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "OnDelete" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
      selector: { matchLabels: { "berth.dev/release": config.release, "berth.dev/workload": workloadId } },
      template: podTemplate(input, name, labels),
      volumeClaimTemplates: [claimTemplate(input, labels)],
    },
  }
}

function podTemplate(input: RenderInput, name: string, labels: Record<string, string>): V1PodTemplateSpec {
  const { config, extras } = input
  const { auth, "workspace-init": workspaceInit, agent } = containers(config, extras)
  const builtInHelpers = helperMount(config, extras.mounts)?.name === HELPERS_VOLUME
  return {
    metadata: {
      labels: { ...extras.labels, ...labels },
      annotations: { ...extras.annotations, "kubectl.kubernetes.io/default-container": "agent" },
    },
    spec: {
      ...extras.spec,
      containers: [auth, workspaceInit, agent],
      volumes: [...builtInVolumes(config, name, builtInHelpers), ...extras.volumes],
      serviceAccountName: config.sessions.serviceAccountName,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 15,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      shareProcessNamespace: false,
      securityContext: {
        ...extras.spec.securityContext,
        ...(config.sessions.setUserIds ? { fsGroup: 1000 } : {}),
        fsGroupChangePolicy: "OnRootMismatch",
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      },
    },
  }
}

function claimTemplate(input: RenderInput, labels: Record<string, string>): V1PersistentVolumeClaim {
  const { storageSize, storageClassName } = input.config.sessionVolume
  const kept = input.existing?.spec?.volumeClaimTemplates?.[0]
  if (kept !== undefined) {
    // Defaults that the API server filled in are equal again after it fills them in again.
    return {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: {
        name: "workspace",
        ...(kept.metadata?.labels ? { labels: kept.metadata.labels } : {}),
        ...(kept.metadata?.annotations ? { annotations: kept.metadata.annotations } : {}),
      },
      ...(kept.spec ? { spec: kept.spec } : {}),
    }
  }
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "workspace", labels, annotations: HANDS_OFF },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: storageSize } },
      ...(storageClassName === undefined || storageClassName === "" ? {} : { storageClassName }),
    },
  }
}
