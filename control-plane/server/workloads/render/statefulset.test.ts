import type { V1Container, V1PodSpec, V1StatefulSet } from "@kubernetes/client-node"
import { describe, expect, it } from "vitest"
import { templateConfig } from "../../../../test/support/sessions/template-config.ts"
import { Secret } from "../../crypto/index.ts"
import { readExtras, renderSecret, renderStatefulSet, type TemplateConfig } from "./index.ts"

function render(config: TemplateConfig = templateConfig(), existing: V1StatefulSet | null = null): V1StatefulSet {
  const { extras, faults } = readExtras(config)
  expect(faults).toEqual([])
  return renderStatefulSet({ config, extras, workloadId: "0123456789", sessionId: "ses_1", existing })
}

function podOf(statefulSet: V1StatefulSet): V1PodSpec {
  const { spec } = statefulSet.spec?.template ?? {}
  if (spec === undefined || spec === null) throw new Error("no pod")
  return spec
}

function containersOf(statefulSet: V1StatefulSet): Record<string, V1Container> {
  const pod = podOf(statefulSet)
  return Object.fromEntries([...pod.containers].map((one) => [one.name, one]))
}

const mountsOf = (container: V1Container | undefined) =>
  (container?.volumeMounts ?? []).map((mount) => `${mount.name}:${mount.mountPath}${mount.readOnly ? ":ro" : ""}`)

describe("the StatefulSet of a workload", () => {
  it("has no pod at first, keeps its volume when stopped and takes it along when deleted", () => {
    const { metadata, spec } = render()
    expect(metadata?.name).toBe("berth-s-0123456789")
    expect(spec).toMatchObject({
      replicas: 0,
      podManagementPolicy: "Parallel",
      updateStrategy: { type: "OnDelete" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
    })
    expect(spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests).toEqual({ storage: "1Gi" })
  })

  it("bounds what the agent writes to its node's disk", () => {
    const tmp = podOf(render(templateConfig({ scratchSize: "7Gi" }))).volumes?.find(({ name }) => name === "berth-tmp")
    expect(tmp?.emptyDir).toEqual({ sizeLimit: "7Gi" })
  })

  it("labels every object with release, workload and session, and selects by nothing that changes", () => {
    const { metadata, spec } = render()
    const labels = {
      "app.kubernetes.io/name": "berth",
      "app.kubernetes.io/instance": "berth",
      "app.kubernetes.io/component": "session",
      "berth.dev/release": "berth",
      "berth.dev/workload": "0123456789",
      "berth.dev/session": "ses_1",
    }
    expect(metadata?.labels).toEqual(labels)
    expect(spec?.template.metadata?.labels).toEqual(labels)
    expect(spec?.volumeClaimTemplates?.[0]?.metadata?.labels).toEqual(labels)
    expect(spec?.selector.matchLabels).toEqual({ "berth.dev/release": "berth", "berth.dev/workload": "0123456789" })
  })

  it("starts its containers together, and waits for the workspace as long as a start may take", () => {
    const pod = podOf(render(templateConfig({ startTimeout_s: 700 })))
    expect(pod.initContainers).toBeUndefined()
    expect(pod.containers.map((one) => one.name)).toEqual(["auth", "workspace-init", "agent"])
    expect(pod.containers[2]?.startupProbe).toMatchObject({ periodSeconds: 1, failureThreshold: 700 })
  })

  it("gives each container what it needs and nothing of the others", () => {
    const { auth, "workspace-init": init, agent } = containersOf(render())
    expect(mountsOf(auth)).toEqual([
      "berth-broker-token:/var/run/berth/broker-token:ro",
      "berth-broker-ca:/etc/berth/broker-ca:ro",
      "berth-auth-tmp:/tmp",
    ])
    expect(mountsOf(init)).toEqual(["workspace:/workspace", "agent-config:/etc/berth/agent", "berth-tmp:/tmp"])
    expect(mountsOf(agent)).toEqual([
      "workspace:/workspace",
      "agent-config:/etc/berth/agent:ro",
      "auth-secret:/var/run/berth/auth-secret:ro",
      "berth-tmp:/tmp",
      "berth-tmp:/home/agent",
    ])
  })

  it("runs everything without privileges, as different users, on a read-only root", () => {
    const statefulSet = render()
    for (const [name, container] of Object.entries(containersOf(statefulSet))) {
      expect(container.securityContext).toEqual({
        runAsUser: name === "auth" ? 1001 : 1000,
        runAsGroup: name === "auth" ? 1001 : 1000,
        runAsNonRoot: true,
        privileged: false,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
        seccompProfile: { type: "RuntimeDefault" },
      })
    }
    expect(podOf(statefulSet)).toMatchObject({
      serviceAccountName: "berth-session",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      shareProcessNamespace: false,
      terminationGracePeriodSeconds: 15,
      securityContext: { fsGroup: 1000, runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    })
  })

  it("holds one token only, for the broker, short-lived, in the sidecar", () => {
    const pod = podOf(render())
    const sources = (pod.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? [])
    expect(sources).toEqual([
      { serviceAccountToken: { audience: "berth-broker", expirationSeconds: 600, path: "token" } },
    ])
  })

  it("leaves user and group ids to the platform when told so", () => {
    const statefulSet = render(templateConfig({ setUserIds: false }))
    expect(podOf(statefulSet).securityContext).not.toHaveProperty("fsGroup")
    for (const container of Object.values(containersOf(statefulSet))) {
      expect(container.securityContext).not.toHaveProperty("runAsUser")
      expect(container.securityContext).toMatchObject({ runAsNonRoot: true, allowPrivilegeEscalation: false })
    }
  })

  it("mounts the operator's helpers read-only into agent and sidecar", () => {
    const statefulSet = render(templateConfig({}, { authHelpers: { configMap: "helpers" } }))
    const { auth, agent } = containersOf(statefulSet)
    expect(mountsOf(auth)).toContain("berth-auth-helpers:/opt/berth/auth-helpers:ro")
    expect(mountsOf(agent)).toContain("berth-auth-helpers:/opt/berth/auth-helpers:ro")
    expect(podOf(statefulSet).volumes).toContainEqual({
      name: "berth-auth-helpers",
      configMap: { name: "helpers", defaultMode: 0o755 },
    })
  })

  it("takes an extra volume at the helper directory instead of the built-in one, in the sidecar too", () => {
    const statefulSet = render(
      templateConfig(
        {
          extraVolumes: [{ name: "own", configMap: { name: "own-helpers" } }],
          extraVolumeMounts: [{ name: "own", mountPath: "/opt/berth/auth-helpers" }],
        },
        { authHelpers: { configMap: "helpers" } },
      ),
    )
    const { auth, agent } = containersOf(statefulSet)
    expect(mountsOf(auth)).toContain("own:/opt/berth/auth-helpers:ro")
    expect(mountsOf(agent).filter((mount) => mount.includes("/opt/berth"))).toEqual(["own:/opt/berth/auth-helpers:ro"])
    expect(podOf(statefulSet).volumes?.map((volume) => volume.name)).not.toContain("berth-auth-helpers")
  })

  it("takes an operator's volume that is called as a built-in one of other systems", () => {
    const statefulSet = render(
      templateConfig({
        extraVolumes: ["auth-helpers", "auth-tmp", "broker-ca", "broker-token", "tmp"].map((name) => ({
          name,
          configMap: { name: "own" },
        })),
        extraVolumeMounts: [{ name: "auth-helpers", mountPath: "/opt/berth/auth-helpers" }],
      }),
    )
    const names = podOf(statefulSet).volumes?.map(({ name }) => name) ?? []
    expect(names).toEqual([...new Set(names)])
    expect(mountsOf(containersOf(statefulSet).auth)).toContain("auth-helpers:/opt/berth/auth-helpers:ro")
  })

  it("appends extra mounts last, to the agent only, and keeps built-in volumes read-only", () => {
    const statefulSet = render(
      templateConfig({
        extraVolumes: [{ name: "cache", emptyDir: {} }],
        extraVolumeMounts: [
          { name: "cache", mountPath: "/cache" },
          { name: "agent-config", mountPath: "/mnt/config", readOnly: false },
        ],
      }),
    )
    const { auth, "workspace-init": init, agent } = containersOf(statefulSet)
    expect(mountsOf(agent).slice(-2)).toEqual(["cache:/cache", "agent-config:/mnt/config:ro"])
    expect([...mountsOf(auth), ...mountsOf(init)].join()).not.toContain("cache")
  })

  it("keeps the claim template of a StatefulSet that exists, which cannot be changed any more", () => {
    const first = render()
    const later = render(
      { ...templateConfig(), sessionVolume: { storageSize: "9Gi", maxStorageSize: "20Gi", storageClassName: "fast" } },
      first,
    )
    expect(later.spec?.volumeClaimTemplates).toEqual(first.spec?.volumeClaimTemplates)
  })

  it("lets the operator place pods, label them and size their containers", () => {
    const statefulSet = render(
      templateConfig({
        podLabels: { team: "a" },
        podAnnotations: { note: "b" },
        nodeSelector: { pool: "agents" },
        tolerations: [{ key: "agents", operator: "Exists" }],
        imagePullSecrets: [{ name: "registry" }],
        runtimeClassName: "gvisor",
        resources: { requests: { cpu: "500m" } },
        sidecarResources: { auth: { limits: { memory: "128Mi" } } },
        podTemplate: {
          spec: { dnsPolicy: "ClusterFirst", containers: [{ name: "agent", env: [{ name: "A", value: "b" }] }] },
        },
      }),
    )
    expect(statefulSet.spec?.template.metadata).toMatchObject({ labels: { team: "a" }, annotations: { note: "b" } })
    expect(podOf(statefulSet)).toMatchObject({
      nodeSelector: { pool: "agents" },
      runtimeClassName: "gvisor",
      imagePullSecrets: [{ name: "registry" }],
      dnsPolicy: "ClusterFirst",
    })
    const { auth, agent } = containersOf(statefulSet)
    expect(agent?.resources).toEqual({ requests: { cpu: "500m" } })
    expect(agent?.env?.[0]).toEqual({ name: "A", value: "b" })
    expect(auth?.resources).toEqual({ limits: { memory: "128Mi" } })
  })

  it("mounts an operator's Secret for the helpers into the sidecar, read-only, and not into the agent", () => {
    const sessions = { extraVolumes: [{ name: "cloud", secret: { secretName: "cloud" } }] }
    const container = { volumeMounts: [{ name: "cloud", mountPath: "/var/run/cloud" }] }
    const {
      auth,
      agent,
      "workspace-init": init,
    } = containersOf(render(templateConfig(sessions, { authHelpers: { container } })))
    expect(mountsOf(auth)).toContain("cloud:/var/run/cloud:ro")
    expect(mountsOf(auth)).toContain("berth-broker-token:/var/run/berth/broker-token:ro")
    for (const other of [agent, init]) expect(mountsOf(other).join()).not.toContain("cloud")
  })

  it("lets the sidecar's image and program be replaced, not its place in the pod", () => {
    const container = {
      name: "other",
      image: "own/auth:1",
      command: ["/own"],
      env: [{ name: "AWS_REGION", value: "x" }],
    }
    const { auth } = containersOf(render(templateConfig({}, { authHelpers: { container } })))
    expect(auth).toMatchObject({ name: "auth", image: "own/auth:1", command: ["/own"] })
    expect(auth?.env).toContainEqual({ name: "BERTH_TOKEN_FILE", value: "/var/run/berth/broker-token/token" })
    expect(auth?.securityContext?.allowPrivilegeEscalation).toBe(false)
  })
})

describe("the Secret of a workload", () => {
  it("belongs to the StatefulSet and holds the password under one key", () => {
    const secret = renderSecret({
      config: templateConfig(),
      workloadId: "0123456789",
      sessionId: "ses_1",
      password: new Secret("pässword"),
      ownerUid: "uid-1",
    })
    expect(secret.metadata?.ownerReferences).toEqual([
      { apiVersion: "apps/v1", kind: "StatefulSet", name: "berth-s-0123456789", uid: "uid-1" },
    ])
    expect(Buffer.from(secret.data?.["password"] ?? "", "base64").toString()).toBe("pässword")
  })
})
