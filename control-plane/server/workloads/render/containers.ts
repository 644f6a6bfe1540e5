import type { V1Container, V1SecurityContext, V1VolumeMount } from "@kubernetes/client-node"
import { AGENT_PORT, SIDECAR_HEALTH_PORT, SIDECAR_PORT } from "../../../../pod-protocol/index.ts"
import type { ContainerName, Extras, TemplateConfig } from "./types.ts"
import { extraMounts as agentMounts, helperMount } from "./volumes.ts"

const WORKSPACE_PATH = "/workspace"
/** Where the agent works; the clone is made there. */
export const REPOSITORY_PATH = "/workspace/repo"

const AGENT_CONFIG_PATH = "/etc/berth/agent"
const CA_PATH = "/etc/berth/broker-ca"
const TOKEN_PATH = "/var/run/berth/broker-token"
const PASSWORD_PATH = "/var/run/berth/auth-secret"
const USER_ID: Record<ContainerName, number> = { auth: 1001, "workspace-init": 1000, agent: 1000 }
const SIDECAR_URL = `http://127.0.0.1:${SIDECAR_PORT}`

/**
 * The three containers of a session's pod. The kubelet starts them together: each state of a container that it would have
 * to notice first costs up to a second. They wait for each other by themselves.
 */
export function containers(config: TemplateConfig, extras: Extras): Record<ContainerName, V1Container> {
  return { auth: auth(config, extras), "workspace-init": workspaceInit(config, extras), agent: agent(config, extras) }
}

/** The relay. It has no startup probe: workspace-init asks it until it answers. */
function auth(config: TemplateConfig, extras: Extras): V1Container {
  const helpers = helperMount(config, extras.mounts)
  return finish("auth", config, extras, config.images.auth, {
    env: [
      { name: "BERTH_BROKER_URL", value: config.broker.url },
      { name: "BERTH_BROKER_CA_FILE", value: `${CA_PATH}/ca.crt` },
      { name: "BERTH_TOKEN_FILE", value: `${TOKEN_PATH}/token` },
      { name: "BERTH_LISTEN", value: `127.0.0.1:${SIDECAR_PORT}` },
      // The names inside of a Secret in envFrom are not known here: these two win over them.
      { name: "NODE_OPTIONS", value: "" },
      { name: "NODE_TLS_REJECT_UNAUTHORIZED", value: "1" },
      { name: "BERTH_HEALTH_LISTEN", value: `0.0.0.0:${SIDECAR_HEALTH_PORT}` },
    ],
    livenessProbe: {
      httpGet: { path: "/healthz", port: SIDECAR_HEALTH_PORT },
      periodSeconds: 20,
      timeoutSeconds: 10,
      failureThreshold: 6,
    },
    volumeMounts: [
      { name: "berth-broker-token", mountPath: TOKEN_PATH, readOnly: true },
      { name: "berth-broker-ca", mountPath: CA_PATH, readOnly: true },
      { name: "berth-auth-tmp", mountPath: "/tmp" },
      ...(helpers === null ? [] : [helpers]),
    ],
  })
}

/** Prepares the workspace, then stays without doing anything: a container that ends would be started again. */
function workspaceInit(config: TemplateConfig, extras: Extras): V1Container {
  return finish("workspace-init", config, extras, config.images.dataPlaneInit, {
    env: [
      { name: "BERTH_SIDECAR_URL", value: SIDECAR_URL },
      { name: "BERTH_WORKSPACE", value: WORKSPACE_PATH },
      { name: "BERTH_AGENT_CONFIG", value: AGENT_CONFIG_PATH },
      { name: "HOME", value: "/tmp" },
    ],
    volumeMounts: [
      { name: "workspace", mountPath: WORKSPACE_PATH },
      { name: "agent-config", mountPath: AGENT_CONFIG_PATH },
      { name: "berth-tmp", mountPath: "/tmp", subPath: "init" },
    ],
  })
}

function agent(config: TemplateConfig, extras: Extras): V1Container {
  const helpers = helperMount(config, extras.mounts)
  const alive = { httpGet: { path: "/site.webmanifest", port: AGENT_PORT } }
  const mounts: V1VolumeMount[] = [
    { name: "workspace", mountPath: WORKSPACE_PATH },
    { name: "agent-config", mountPath: AGENT_CONFIG_PATH, readOnly: true },
    { name: "auth-secret", mountPath: PASSWORD_PATH, readOnly: true },
    { name: "berth-tmp", mountPath: "/tmp", subPath: "berth-tmp" },
    { name: "berth-tmp", mountPath: "/home/agent", subPath: "home" },
    ...(helpers === null ? [] : [helpers]),
    ...agentMounts(extras.mounts),
  ]
  return finish("agent", config, extras, config.images.dataPlane, {
    command: ["tini", "-g", "--", "berth-agent-start"],
    // The end of a failed agent's log stays in the pod's status, where the reason of a crash loop is read from.
    terminationMessagePolicy: "FallbackToLogsOnError",
    env: [
      { name: "BERTH_SIDECAR_URL", value: SIDECAR_URL },
      { name: "BERTH_WORKSPACE", value: WORKSPACE_PATH },
    ],
    ports: [{ name: "agent", containerPort: AGENT_PORT, protocol: "TCP" }],
    // The one path that answers without the password. Its port accepts connections before it answers any. Waiting for the
    // workspace is part of the start, so it may take as long as a start may.
    startupProbe: { ...alive, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: config.sessions.startTimeout_s },
    livenessProbe: { ...alive, periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
    lifecycle: { preStop: { exec: { command: ["/usr/local/bin/berth-agent-stop"] } } },
    volumeMounts: mounts,
  })
}

/** The operator's part first, ours after it, the security fields last. */
function finish(
  name: ContainerName,
  config: TemplateConfig,
  extras: Extras,
  image: string,
  own: Omit<V1Container, "name">,
): V1Container {
  const { env: extraEnv, volumeMounts: extraMounts = [], ...extra } = extras.containers[name]
  const ownNames = new Set(own.env?.map((variable) => variable.name))
  return {
    image,
    imagePullPolicy: config.images.pullPolicy,
    ...resourcesOf(name, config),
    ...own,
    ...extra,
    env: [...(extraEnv ?? []).filter((variable) => !ownNames.has(variable.name)), ...(own.env ?? [])],
    volumeMounts: [...(own.volumeMounts ?? []), ...extraMounts.map((mount) => ({ ...mount, readOnly: true }))],
    name,
    securityContext: containerSecurity(name, config),
  }
}

function resourcesOf(name: ContainerName, config: TemplateConfig): Pick<V1Container, "resources"> {
  const { resources, sidecarResources } = config.sessions
  const found = name === "agent" ? resources : sidecarResources?.[name]
  return found === undefined ? {} : { resources: found as NonNullable<V1Container["resources"]> }
}

function containerSecurity(name: ContainerName, config: TemplateConfig): V1SecurityContext {
  return {
    ...(config.sessions.setUserIds ? { runAsUser: USER_ID[name], runAsGroup: USER_ID[name] } : {}),
    runAsNonRoot: true,
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  }
}
