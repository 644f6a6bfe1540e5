import { randomBytes } from "node:crypto"
import { firstAnswer, takeTurn } from "./agent.ts"
import type { Api } from "./api.ts"
import type { Model } from "./model.ts"
import { hasCondition, type Observer } from "./observer.ts"

const start_timeout_ms = 60_000
const turn_timeout_ms = 60_000

/** What every pod needs where Pod Security enforces "restricted". */
const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
}
const podSecurity = { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 }

// The same switches as a session's agent starts with; no clone, no sidecar, nothing to wait for.
const startScript = `
set -eu
export XDG_DATA_HOME=/workspace/.state/data XDG_STATE_HOME=/workspace/.state/state XDG_CACHE_HOME=/tmp/cache XDG_CONFIG_HOME=/tmp/config
mkdir -p "$XDG_DATA_HOME" "$XDG_STATE_HOME" "$XDG_CACHE_HOME" "$XDG_CONFIG_HOME/opencode/node_modules" /workspace/repo
printf '%s' '{"packages":{"":{"dependencies":{"@opencode-ai/plugin":"*"}}}}' > "$XDG_CONFIG_HOME/opencode/package-lock.json"
printf '%s' "$AGENT_CONFIG" > "$XDG_CONFIG_HOME/opencode/opencode.json"
export OPENCODE_DISABLE_MODELS_FETCH=1 OPENCODE_DISABLE_AUTOUPDATE=1 OPENCODE_DISABLE_LSP_DOWNLOAD=1
export OPENCODE_DISABLE_DEFAULT_PLUGINS=1 OPENCODE_DISABLE_PROJECT_CONFIG=1 OPENCODE_DISABLE_CLAUDE_CODE=1
export OPENCODE_DISABLE_EXTERNAL_SKILLS=1 OPENCODE_DISABLE_SHARE=1 HOME=/tmp
cd /workspace/repo
exec opencode serve --hostname 0.0.0.0 --port 4096 --print-logs
`

export interface Bench {
  readonly api: Api
  readonly observer: Observer
  readonly namespace: string
  readonly model: Model
}

/** A pod that only sleeps, of the agent's image. @returns milliseconds from its creation to Ready */
export async function sleepingPod({ api, observer, namespace, model }: Bench): Promise<Record<string, number>> {
  const name = `bare-sleep-${randomBytes(4).toString("hex")}`
  const container = { name: "sleep", image: model.image, command: ["sleep", "infinity"], securityContext: restricted }
  const begin = performance.now()
  await api.create(`/api/v1/namespaces/${namespace}/pods`, podOf(namespace, name, [container], []))
  try {
    const ready = await observer.pod(
      (pod) => pod.metadata?.name === name && hasCondition(pod, "Ready"),
      start_timeout_ms,
    )
    return { ready: ready.at - begin }
  } finally {
    await api.remove(`/api/v1/namespaces/${namespace}/pods/${name}`)
  }
}

/**
 * OpenCode in a pod of its own with a volume of its own, and its first turn.
 * @returns milliseconds from the creation to its first HTTP answer and to the end of the turn
 */
export async function bareAgent(bench: Bench, prompt: string): Promise<Record<string, number>> {
  const { api, observer, namespace, model } = bench
  const name = `bare-agent-${randomBytes(4).toString("hex")}`
  const password = randomBytes(16).toString("hex")
  const base = `/api/v1/namespaces/${namespace}`
  const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, namespace }, spec: model.claim }
  const begin = performance.now()
  await api.create(`${base}/persistentvolumeclaims`, claim)
  try {
    await api.create(`${base}/pods`, agentPod(namespace, name, model, password))
    const scheduled = await observer.pod(
      (pod) => pod.metadata?.name === name && hasCondition(pod, "PodScheduled"),
      start_timeout_ms,
    )
    const addressed = await observer.pod(
      (pod) => pod.metadata?.name === name && pod.status?.podIP !== undefined,
      start_timeout_ms,
    )
    const address = addressed.object.status?.podIP ?? ""
    const http = await firstAnswer(address, start_timeout_ms)
    await takeTurn(address, password, prompt, turn_timeout_ms)
    const answer = performance.now()
    return {
      scheduled: scheduled.at - begin,
      address: addressed.at - begin,
      http: http - begin,
      answer: answer - begin,
      turn: answer - http,
    }
  } finally {
    await api.remove(`${base}/pods/${name}`)
    await api.remove(`${base}/persistentvolumeclaims/${name}`)
  }
}

function agentPod(namespace: string, name: string, model: Model, password: string): object {
  const env = { AGENT_CONFIG: model.agentConfig, OPENCODE_SERVER_PASSWORD: password }
  const container = {
    name: "agent",
    image: model.image,
    command: ["tini", "-g", "--", "sh", "-c", startScript],
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    resources: model.resources,
    securityContext: restricted,
    volumeMounts: [
      { name: "workspace", mountPath: "/workspace" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  }
  const volumes = [
    { name: "workspace", persistentVolumeClaim: { claimName: name } },
    { name: "tmp", emptyDir: {} },
  ]
  return podOf(namespace, name, [container], volumes)
}

function podOf(namespace: string, name: string, containers: object[], volumes: object[]): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      containers,
      volumes,
      securityContext: { ...podSecurity, seccompProfile: { type: "RuntimeDefault" } },
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
    },
  }
}
