import { describe, expect, it } from "vitest"
import { templateConfig } from "../../../../test/support/sessions/template-config.ts"
import { readExtras, renderStatefulSet, type TemplateConfig } from "./index.ts"

type Sessions = Partial<TemplateConfig["sessions"]>

const inSpec = (spec: Record<string, unknown>): Sessions => ({ podTemplate: { spec } })
const inAgent = (fields: Record<string, unknown>): Sessions => inSpec({ containers: [{ name: "agent", ...fields }] })
const volume = (fields: Record<string, unknown>): Sessions => ({ extraVolumes: [{ name: "x", ...fields }] })
const mount = (fields: Record<string, unknown>): Sessions => ({
  extraVolumes: [{ name: "x", emptyDir: {} }],
  extraVolumeMounts: [{ name: "x", ...fields }],
})

/** Each of these would loosen what a session's pod may do, or take the place of something of Berth's. */
const DANGEROUS: Record<string, Sessions> = {
  "host network": inSpec({ hostNetwork: true }),
  "host processes": inSpec({ hostPID: true }),
  "host IPC": inSpec({ hostIPC: true }),
  "host users": inSpec({ hostUsers: true }),
  "shared processes": inSpec({ shareProcessNamespace: true }),
  "another service account": inSpec({ serviceAccountName: "admin" }),
  "another service account, old spelling": inSpec({ serviceAccount: "admin" }),
  "a mounted API token": inSpec({ automountServiceAccountToken: true }),
  "service links": inSpec({ enableServiceLinks: true }),
  "a fixed node": inSpec({ nodeName: "control-plane-1" }),
  "a host name": inSpec({ hostname: "berth" }),
  "another restart policy": inSpec({ restartPolicy: "Never" }),
  "an endless end": inSpec({ terminationGracePeriodSeconds: 86_400 }),
  "a deadline": inSpec({ activeDeadlineSeconds: 60 }),
  "ephemeral containers": inSpec({ ephemeralContainers: [{ name: "debug" }] }),
  "another container": inSpec({ containers: [{ name: "extra", image: "x" }] }),
  "another init container": inSpec({ initContainers: [{ name: "extra", image: "x" }] }),
  "resource claims": inSpec({ resourceClaims: [{ name: "gpu" }] }),
  "readiness gates": inSpec({ readinessGates: [{ conditionType: "x" }] }),
  overhead: inSpec({ overhead: { cpu: "1" } }),
  "Windows options": inSpec({ os: { name: "windows" } }),
  "pod sysctls": inSpec({ securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }),
  "pod as root": inSpec({ securityContext: { runAsUser: 0 } }),
  "pod allowed to be root": inSpec({ securityContext: { runAsNonRoot: false } }),
  "pod without seccomp": inSpec({ securityContext: { seccompProfile: { type: "Unconfined" } } }),
  "pod without AppArmor": inSpec({ securityContext: { appArmorProfile: { type: "Unconfined" } } }),
  "root's group": inSpec({ securityContext: { supplementalGroups: [0] } }),
  "root's group for files": inSpec({ securityContext: { fsGroup: 0 } }),
  "an SELinux type": inSpec({ securityContext: { seLinuxOptions: { type: "spc_t" } } }),
  "an SELinux user": inSpec({ securityContext: { seLinuxOptions: { user: "system_u" } } }),
  "a Windows host process": inSpec({ securityContext: { windowsOptions: { hostProcess: true } } }),
  "a class of the system": { priorityClassName: "system-node-critical" },
  "a class of the system in the template": inSpec({ priorityClassName: "system-cluster-critical" }),
  "host DNS": inSpec({ dnsPolicy: "ClusterFirstWithHostNet" }),
  "a privileged container": inAgent({ securityContext: { privileged: true } }),
  "added capabilities": inAgent({ securityContext: { capabilities: { add: ["SYS_ADMIN"] } } }),
  "a host port": inAgent({ ports: [{ containerPort: 1, hostPort: 1 }] }),
  "another image for the agent": inAgent({ image: "evil" }),
  "another command for the agent": inAgent({ command: ["sh"] }),
  "other arguments for the agent": inAgent({ args: ["-c"] }),
  "a life-cycle hook": inAgent({ lifecycle: { postStart: { exec: { command: ["sh"] } } } }),
  "a probe": inAgent({ livenessProbe: { exec: { command: ["true"] } } }),
  "raw devices": inAgent({ volumeDevices: [{ name: "x", devicePath: "/dev/x" }] }),
  "a terminal": inAgent({ tty: true }),
  "the search path": inAgent({ env: [{ name: "PATH", value: "/x" }] }),
  "the loader": inAgent({ env: [{ name: "LD_PRELOAD", value: "/x" }] }),
  "the sidecar's address": inAgent({ env: [{ name: "BERTH_SIDECAR_URL", value: "http://x" }] }),
  "the agent's own settings": inAgent({ env: [{ name: "OPENCODE_CONFIG", value: "/x" }] }),
  "node's options": inAgent({ env: [{ name: "NODE_OPTIONS", value: "--require /x" }] }),
  "git's settings": inAgent({ env: [{ name: "GIT_SSH_COMMAND", value: "x" }] }),
  "names from a Secret without prefix": inAgent({ envFrom: [{ secretRef: { name: "x" } }] }),
  "names from a Secret with a prefix of Berth's": inAgent({
    envFrom: [{ prefix: "BERTH_", secretRef: { name: "x" } }],
  }),
  "mounts in the sidecar": inSpec({ initContainers: [{ name: "auth", volumeMounts: [] }] }),
  "the node's files": volume({ hostPath: { path: "/" } }),
  "a network file system in a restricted namespace": volume({ nfs: { server: "x", path: "/" } }),
  "a service-account token": volume({ projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }),
  "a pod certificate": volume({ projected: { sources: [{ podCertificate: {} }] } }),
  "a cluster trust bundle": volume({ projected: { sources: [{ clusterTrustBundle: {} }] } }),
  "the token's volume again": { extraVolumes: [{ name: "berth-broker-token", emptyDir: {} }] },
  "the workspace again": { extraVolumes: [{ name: "workspace", emptyDir: {} }] },
  "two volumes of one name": {
    extraVolumes: [
      { name: "x", emptyDir: {} },
      { name: "x", emptyDir: {} },
    ],
  },
  "a mount of the token": { extraVolumeMounts: [{ name: "berth-broker-token", mountPath: "/mnt" }] },
  "a mount over the token": mount({ mountPath: "/var/run/berth/broker-token" }),
  "a mount over the CA": mount({ mountPath: "/etc/berth/broker-ca/" }),
  "a mount over the programs": mount({ mountPath: "/usr/local/bin" }),
  "a mount over the root": mount({ mountPath: "/" }),
  "a mount over the workspace": mount({ mountPath: "/workspace" }),
  "a mount into processes": mount({ mountPath: "/proc/1" }),
  "a mount with dots": mount({ mountPath: "/mnt/../etc/berth" }),
  "a relative mount": mount({ mountPath: "mnt" }),
  "a mount that reaches the node": mount({ mountPath: "/mnt", mountPropagation: "Bidirectional" }),
  "a sub-path out of the volume": mount({ mountPath: "/mnt", subPath: "../x" }),
  "our labels": { podLabels: { "berth.dev/workload": "other" } },
  "our instance label": { podLabels: { "app.kubernetes.io/instance": "other" } },
  "our labels in the template": { podTemplate: { metadata: { labels: { "berth.dev/session": "other" } } } },
  "AppArmor by annotation": {
    podAnnotations: { "container.apparmor.security.beta.kubernetes.io/agent": "unconfined" },
  },
  "seccomp by annotation": { podAnnotations: { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" } },
  "runtime settings by annotation": { podAnnotations: { "io.kubernetes.cri-o.userns-mode": "auto" } },
  "owners by metadata": { podTemplate: { metadata: { ownerReferences: [] } } },
  "another kind of object": { podTemplate: { status: {} } },
}

describe("what belongs to the installation itself", () => {
  const own = { secrets: ["berth-encryption", "berth-postgresql"], claims: ["berth-postgresql-data"] }
  const read = (sessions: Sessions, container: Record<string, unknown> = {}) =>
    readExtras(templateConfig(sessions, { own, authHelpers: { container } })).faults

  it.each([
    ["a volume", volume({ secret: { secretName: "berth-encryption" } })],
    ["a projected volume", volume({ projected: { sources: [{ secret: { name: "berth-encryption" } }] } })],
    ["a driver's volume", volume({ csi: { driver: "x", nodePublishSecretRef: { name: "berth-encryption" } } })],
    ["the template's volume", inSpec({ volumes: [{ name: "x", secret: { secretName: "berth-encryption" } }] })],
    ["the agent's envFrom", inAgent({ envFrom: [{ prefix: "A_", secretRef: { name: "berth-encryption" } }] })],
    [
      "the agent's env",
      inAgent({ env: [{ name: "A", valueFrom: { secretKeyRef: { name: "berth-encryption", key: "keys" } } }] }),
    ],
    ["another session's password", volume({ secret: { secretName: "berth-s-0123456789" } })],
    ["the database's files", volume({ persistentVolumeClaim: { claimName: "berth-postgresql-data" } })],
    ["another session's files", volume({ persistentVolumeClaim: { claimName: "workspace-berth-s-0123456789-0" } })],
  ])("is refused by name in %s", (_where, sessions) => {
    expect(read(sessions).join()).toMatch(
      /^sessions\.\S+: the (Secret|PersistentVolumeClaim) "[a-z0-9-]+" belongs to Berth/,
    )
  })

  it("is refused by name in the sidecar", () => {
    const words =
      'authHelpers.container: the Secret "berth-postgresql" belongs to Berth itself and cannot be used in session pods'
    const secretRef = { name: "berth-postgresql" }
    expect(read({}, { envFrom: [{ secretRef }] })).toEqual([words])
    expect(read({}, { env: [{ name: "A", valueFrom: { secretKeyRef: { ...secretRef, key: "k" } } }] })).toEqual([words])
  })

  it("leaves Secrets and claims of others alone", () => {
    expect(read(volume({ secret: { secretName: "cloud" } }), { envFrom: [{ secretRef: { name: "cloud" } }] })).toEqual(
      [],
    )
    expect(read(volume({ persistentVolumeClaim: { claimName: "cache" } }))).toEqual([])
  })
})

describe("what decides whom the sidecar trusts", () => {
  it.each([
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_V8_COVERAGE",
    "OPENSSL_CONF",
    "LD_PRELOAD",
  ])("is refused in its environment: %s", (name) => {
    const env = [{ name, value: "0" }]
    const inTemplate = templateConfig(inSpec({ containers: [{ name: "auth", env }] }))
    for (const config of [templateConfig({}, { authHelpers: { container: { env } } }), inTemplate])
      expect(readExtras(config).faults.join()).toContain(`the variable ${name} decides`)
  })

  it("is set by Berth itself, so that no Secret in envFrom decides it", () => {
    const config = templateConfig({}, { authHelpers: { container: { envFrom: [{ secretRef: { name: "cloud" } }] } } })
    const { extras } = readExtras(config)
    const pod = renderStatefulSet({ config, extras, workloadId: "0123456789", sessionId: "ses_1", existing: null })
    const auth = pod.spec?.template.spec?.containers.find(({ name }) => name === "auth")
    const values = Object.fromEntries((auth?.env ?? []).map(({ name, value }) => [name, value]))
    expect(values).toMatchObject({ NODE_OPTIONS: "", NODE_TLS_REJECT_UNAUTHORIZED: "1" })
  })

  it.each(["CLOUDSDK_CONFIG", "HTTPS_PROXY", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])(
    "is not %s, for helpers",
    (name) => {
      const config = templateConfig({}, { authHelpers: { container: { env: [{ name, value: "x" }] } } })
      expect(readExtras(config).faults).toEqual([])
    },
  )

  it.each(["berth-broker", "BERTH-broker.berth", "berth-broker.berth.svc.", "berth-broker.berth.svc.cluster.local"])(
    "is the broker's name: no host alias may be %s",
    (name) => {
      const sessions = inSpec({ hostAliases: [{ ip: "10.0.0.1", hostnames: ["git.example.com", name] }] })
      expect(readExtras(templateConfig(sessions)).faults).toEqual([
        `sessions.podTemplate.spec.hostAliases: "${name}" is the name of the broker and cannot be set`,
      ])
    },
  )

  it("is not another host alias", () => {
    const sessions = inSpec({ hostAliases: [{ ip: "10.0.0.1", hostnames: ["git.example.com", "broker.example.com"] }] })
    expect(readExtras(templateConfig(sessions)).faults).toEqual([])
  })
})

describe("what an operator may add to a session's pod", () => {
  it("is checked against more than forty dangerous wishes", () => {
    expect(Object.keys(DANGEROUS).length).toBeGreaterThanOrEqual(40)
  })

  it.each(Object.entries(DANGEROUS))("refuses %s with a message that names the key", (_name, sessions) => {
    const { faults } = readExtras(templateConfig(sessions))
    expect(faults.length).toBeGreaterThan(0)
    expect(faults.join("\n")).toMatch(/sessions\./)
  })

  it("lists the valid names when a mount references no volume", () => {
    const { faults } = readExtras(templateConfig({ extraVolumeMounts: [{ name: "x", mountPath: "/x" }] }))
    expect(faults).toEqual([
      'sessions.extraVolumeMounts[].name="x" references no defined volume; valid names: [agent-config, auth-secret, workspace]',
    ])
  })

  it("counts extra volumes among the valid names, sorted", () => {
    const { faults } = readExtras(
      templateConfig({
        extraVolumes: [{ name: "bin", emptyDir: {} }],
        extraVolumeMounts: [{ name: "x", mountPath: "/x" }],
      }),
    )
    expect(faults[0]).toContain("valid names: [agent-config, auth-secret, bin, workspace]")
  })

  it("reports all faults together", () => {
    const { faults } = readExtras(
      templateConfig({ ...inSpec({ hostNetwork: true, hostPID: true }), ...volume({ hostPath: {} }) }),
    )
    expect(faults).toHaveLength(3)
  })

  it("takes the node's files once the operator has named the level that admits them", () => {
    const sessions = { ...volume({ hostPath: { path: "/data" } }), podSecurityLevel: "privileged" as const }
    expect(readExtras(templateConfig(sessions)).faults).toEqual([])
  })

  it("takes volumes of every type that a restricted namespace admits", () => {
    const types = [
      "configMap",
      "csi",
      "downwardAPI",
      "emptyDir",
      "ephemeral",
      "persistentVolumeClaim",
      "projected",
      "secret",
    ]
    const extraVolumes = types.map((type) => ({ name: `v-${type.toLowerCase()}`, [type]: {} }))
    expect(readExtras(templateConfig({ extraVolumes })).faults).toEqual([])
  })

  it("lets a replaced sidecar read a whole Secret, which its helpers may need", () => {
    const container = { envFrom: [{ secretRef: { name: "cloud" } }] }
    expect(readExtras(templateConfig({}, { authHelpers: { container } })).faults).toEqual([])
  })

  it("refuses a replaced sidecar that asks for privileges", () => {
    const container = { securityContext: { privileged: true }, ports: [] }
    expect(readExtras(templateConfig({}, { authHelpers: { container } })).faults).toHaveLength(2)
  })

  it.each([
    ["workspace", "/data", "references no defined volume; valid names: [cloud]"],
    ["berth-broker-token", "/data", "references no defined volume"],
    ["cloud", "/etc/berth/x", "needed by Berth"],
    ["cloud", "/opt/berth/auth-helpers", "helpers come from authHelpers.configMap"],
    ["cloud", "/opt/berth/auth-helpers/more", "helpers come from authHelpers.configMap"],
  ])("refuses a mount of %s at %s in the sidecar", (name, mountPath, words) => {
    const config = templateConfig(
      { extraVolumes: [{ name: "cloud", secret: { secretName: "cloud" } }] },
      { authHelpers: { container: { volumeMounts: [{ name, mountPath }] } } },
    )
    const { faults } = readExtras(config)
    expect(faults.join()).toContain(words)
    expect(faults[0]).toMatch(/^authHelpers\.container\.volumeMounts\[\]\.name=/)
  })
})
