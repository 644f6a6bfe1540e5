import type { V1Container, V1PodSpec, V1Volume, V1VolumeMount } from "@kubernetes/client-node"
import type { ConfigFile } from "../../config/file-schema.ts"

/** The part of the configuration that decides what a session's pod looks like. */
export type TemplateConfig = Pick<
  ConfigFile,
  | "release"
  | "instance"
  | "sessionNamespace"
  | "images"
  | "broker"
  | "sessions"
  | "sessionVolume"
  | "authHelpers"
  | "own"
>

export const CONTAINER_NAMES = ["auth", "workspace-init", "agent"] as const
export type ContainerName = (typeof CONTAINER_NAMES)[number]

/** What an operator may change of one container. */
export type ContainerExtras = Pick<
  V1Container,
  "image" | "imagePullPolicy" | "command" | "args" | "workingDir" | "env" | "envFrom" | "resources" | "volumeMounts"
>

/** What an operator adds to the pod, checked: nothing in it can loosen what Berth sets. */
export interface Extras {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly spec: Readonly<Partial<V1PodSpec>>
  readonly containers: Readonly<Record<ContainerName, ContainerExtras>>
  readonly volumes: readonly V1Volume[]
  readonly mounts: readonly V1VolumeMount[]
}

export const HELPERS_PATH = "/opt/berth/auth-helpers"
