import { writeFileSync } from "node:fs"
import { buildSchema } from "/work/main/chart/schema/generate.ts"
import { render } from "/work/main/test/chart/support/chart.ts"
import { mainHelm } from "/work/main/test/chart/support/helms.ts"

const schema: any = buildSchema()
const leaves: Record<string, any> = {}
const walk = (p: string, n: any) => {
  if ("default" in n && p !== "enabled") {
    leaves[p] = n
    return
  }
  for (const [k, c] of Object.entries(n.properties ?? {})) walk(p ? p + "." + k : k, c)
}
walk("", schema)
delete leaves["global"]
const H = { controlPlane: { host: "berth.example.com" } }
const jwt = { issuer: "https://a.example.com", audience: "a", jwksUri: "https://a.example.com/k" }
const ctx: [RegExp, any][] = [
  [/^ingress\.(?!enabled)/, { ...H, ingress: { enabled: true } }],
  [/^ingress\.enabled/, H],
  [/^httpRoute\.(?!enabled)/, { ...H, httpRoute: { enabled: true, parentRefs: [{ name: "g" }] } }],
  [/^httpRoute\.enabled/, { ...H, httpRoute: { parentRefs: [{ name: "g" }] } }],
  [/^istio\.enabled/, { ...H, istio: { gateway: { name: "a/b" } } }],
  [/^istio\.gateway\.name/, { ...H, istio: { enabled: true, gateway: { name: "a/b" } } }],
  [/^istio\.gateway\.create/, { ...H, istio: { enabled: true, gateway: { name: "b" } } }],
  [/^postgresql\.enabled/, { externalDatabase: { existingSecret: "db" } }],
  [/^istio\.gateway/, { ...H, istio: { enabled: true, gateway: { create: true } } }],
  [/^istio\./, { ...H, istio: { enabled: true, gateway: { name: "a/b" } } }],
  [/^service\.nodePort/, { service: { type: "NodePort" } }],
  [/^sessionNamespace\.create/, { sessionNamespace: { name: "s" } }],
  [/^oidc\.enabled/, { ...H, oidc: { issuer: "https://a.example.com", clientId: "a" } }],
  [/^oidc\.publicClient/, { ...H, oidc: { enabled: true, issuer: "https://a.example.com", clientId: "a" } }],
  [
    /^oidc\.clientSecret\.annotations/,
    { ...H, oidc: { enabled: true, issuer: "https://a.example.com", clientId: "a", clientSecret: { create: true } } },
  ],
  [/^oidc/, { ...H, oidc: { enabled: true, issuer: "https://a.example.com", clientId: "a" } }],
  [/^headerAuth\.enabled/, { headerAuth: { email: { header: "X-E" }, trust: { cidrs: ["10.0.0.1"] } } }],
  [/^headerAuth\.(trust\.jwt|jwt)/, { headerAuth: { enabled: true, jwt: { header: "X-J" }, trust: { jwt } } }],
  [
    /^headerAuth\.trust\.sharedSecret/,
    {
      headerAuth: {
        enabled: true,
        email: { header: "X-E" },
        trust: { sharedSecret: { header: "X-S", existingSecret: "s" } },
      },
    },
  ],
  [/^headerAuth/, { headerAuth: { enabled: true, email: { header: "X-E" }, trust: { cidrs: ["10.0.0.1"] } } }],
  [/^authProxy\.enabled/, { authProxy: { container: { image: "p" } } }],
  [/^authProxy/, { authProxy: { enabled: true, container: { image: "p" } } }],
  [
    /^externalDatabase\.existingSecretEnv|^externalDatabase\.existingSecretKey/,
    { externalDatabase: { existingSecret: "db" } },
  ],
  [/^externalSecrets\.(refresh|generator)/, { externalSecrets: { enabled: true } }],
  [/^externalSecrets\.store\.name/, { externalSecrets: { enabled: true, store: { name: "other", path: "p" } } }],
  [/^externalSecrets\.store/, { externalSecrets: { enabled: true, store: { name: "v", path: "p" } } }],
  [/^postgresql\.primary\.persistence\.existingClaim/, {}],
  [/^authHelpers\.create/, {}],
  [/^authHelpers\.files/, { authHelpers: { create: true, files: { a: "b" } } }],
  [/^apiKeys\.existingSecretKey/, { apiKeys: { existingSecret: "k" } }],
  [/^roleEnvFiles\.enabled/, { roleEnvFiles: { files: { "default.env": { secretName: "s", key: "k" } } } }],
  [/^roleEnvFiles/, { roleEnvFiles: { enabled: true, files: { "default.env": { secretName: "s", key: "k" } } } }],
  [/^github\.app\.id/, { github: { app: { clientId: "c", existingSecret: "s" } } }],
  [/^github/, { github: { app: { id: "1", clientId: "c", existingSecret: "s" } } }],
  [/^artifacts\.s3\.(?!bucket)/, { artifacts: { s3: { bucket: "b" } } }],
  [/^controlPlane\.pdb\.(?!enabled)/, { controlPlane: { pdb: { enabled: true } } }],
  [/^controlPlane\.autoscaling\.(?!enabled)/, { controlPlane: { autoscaling: { enabled: true } } }],
  [/^controlPlane\.serviceAccount\.create/, { controlPlane: { serviceAccount: { name: "mine" } } }],
  [/^sessions\.serviceAccount\.create/, { sessions: { serviceAccount: { name: "mine" } } }],
  [/^sessions\.authProfile/, { credentials: { profiles: { changed: { env: { A: "b" } } } } }],
  [/^sessions\.extraVolumeMounts/, {}],
  [/^metrics\.serviceMonitor\.(?!enabled)/, { metrics: { serviceMonitor: { enabled: true } } }],
  [/^passwordAuth\.enabled/, { apiKeys: { existingSecret: "k" } }],
  [/^controlPlane\.extraVolumeMounts/, {}],
]
const special: Record<string, any> = {
  "controlPlane.podLabels": { changed: "changed" },
  "controlPlane.host": "changed.example.com",
  pathPrefix: "changed",
  "controlPlane.trustedProxies": ["10.1.0.0/16"],
  "controlPlane.extraVolumeMounts": [{ name: "tmp", mountPath: "/changed" }],
  "sessions.extraVolumeMounts": [{ name: "workspace", mountPath: "/changed" }],
  "service.type": "LoadBalancer",
  "service.nodePort": 30999,
  "encryption.keys": ["QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="],
  githubx: 1,
  "controlPlane.deployment.extraEnv": [{ name: "CHANGED", value: "changed" }],
  "controlPlane.envFrom": [{ secretRef: { name: "changed" } }],
  "externalSecrets.store.extraData": [{ secretName: "changed", secretKey: "k", remoteRef: { key: "r" } }],
  providers: { changed: { npm: "changed" }, existingSecret: "changed" },
  "git.hosts": { "changed.example.com": { scheme: "http", existingSecret: "changed" } },
  "credentials.profiles": { changed: { env: { A: "changed" } } },
  "externalDatabase.existingSecretEnv": { changed: "PGHOST" },
  "roleMapping.roles": { admin: ["changed"] },
  "authHelpers.files": { changed: "changed" },
  "roleEnvFiles.files": { "changed.env": { secretName: "changed", key: "changed" } },
  "postgresql.configuration": { max_connections: 77 },
  "controlPlane.topologySpreadConstraints": [
    { maxSkew: 1, topologyKey: "changed", whenUnsatisfiable: "ScheduleAnyway" },
  ],
  "headerAuth.trust.cidrs": ["10.9.9.9"],
  "ingress.hosts": [{ host: "changed.example.com" }],
  "oidc.scopes": ["openid", "changed"],
  "httpRoute.hostnames": ["changed.example.com"],
  "sessions.startTimeout": "10m",
  "sessions.idleTimeout": "30m",
  "passwordAuth.bootstrapAdmin.email": "changed@example.com",
  "postgresql.dataDirectory": "/changed/data",
  "oidc.issuer": "https://changed.example.com",
  "agent.model": "a/changed",
  "agent.smallModel": "a/changed",
  "sessionVolume.storageSize": "77Gi",
  "postgresql.primary.persistence.size": "77Gi",
  "github.app.baseUrl": "https://changed.example.com",
  "headerAuth.trust.jwt.jwksUri": "https://changed.example.com/k",
  "artifacts.s3.endpoint": "https://changed.example.com",
  "headerAuth.trust.jwt.issuer": "https://changed.example.com",
  "istio.gateway.name": "changed/gateway",
  "metrics.serviceMonitor.interval": "77s",
  "externalSecrets.refreshInterval": "1h",
  "externalSecrets.store.refreshInterval": "77s",
  "github.app.id": "77",
  "sessions.sidecarResources": { auth: { requests: { cpu: "77m" } } },
  "istio.peerAuthentication.mode": "STRICT",
  "externalSecrets.refreshPolicy": "OnChange",
  "externalSecrets.store.kind": "SecretStore",
  "controlPlane.pdb.minAvailable": 7,
  "controlPlane.pdb.maxUnavailable": 7,
  "authHelpers.create": true,
  "sessions.networkPolicy.dns.to": [{ namespaceSelector: { matchLabels: { changed: "changed" } } }],
  "controlPlane.terminationGracePeriodSeconds": 77,
  extraObjects: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "changed" } }],
  "sessions.extraVolumes": [{ name: "changed", emptyDir: {} }],
  "controlPlane.extraVolumes": [{ name: "changed", emptyDir: {} }],
  "controlPlane.podSecurityContext": { fsGroup: 77 },
  "controlPlane.securityContext": { privileged: false },
  "postgresql.podSecurityContext": { fsGroup: 77 },
  "postgresql.securityContext": { privileged: false },
  "controlPlane.autoscaling.minReplicas": 5,
  "controlPlane.imagePullSecrets": [{ name: "changed" }],
  "httpRoute.parentRefs": [{ name: "changed" }],
  "sessions.podSecurityLevel": "baseline",
  "controlPlane.logLevel": "debug",
  "oidc.tokenEndpointAuthMethod": "client_secret_basic",
  "externalSecrets.generator.length": 77,
  "sessions.imagePullSecrets": [{ name: "changed" }],
  "broker.allowedPrivateHosts": ["changed"],
  "controlPlane.extraHosts": ["changed"],
  "istio.gateway.principals": ["changed"],
  "authProxy.container": { name: "changed" },
  "controlPlane.image.pullPolicy": "Never",
  "dataPlane.image.pullPolicy": "Never",
  "postgresql.image.pullPolicy": "Never",
}
const DIG = "sha256:" + "7".repeat(64)
const valueOf = (p: string, n: any): any => {
  if (p in special) return special[p]
  if (p.endsWith(".digest")) return DIG
  const t = Array.isArray(n.type) ? n.type[0] : n.type
  if (typeof n.default === "boolean") return !n.default
  if (typeof n.default === "number") return n.default + 1
  if (t === "object")
    return n.additionalProperties?.type === "string" ? { changed: "changed" } : { changed: { changed: "changed" } }
  if (t === "array") return [{ changed: "changed" }]
  if (/path$/.test(p)) return "/changed"
  if (/pattern/.test(JSON.stringify(Object.keys(n))) && !new RegExp(n.pattern).test("changed")) throw new Error(p)
  return "changed"
}
const special_ctx: Record<string, any> = { "authHelpers.create": {} }
const nest = (p: string, v: any) => p.split(".").reduceRight((acc: any, k) => ({ [k]: acc }), v)
const merge = (a: any, b: any): any => {
  if (typeof a !== "object" || typeof b !== "object" || !a || !b || Array.isArray(a) || Array.isArray(b)) return b
  const o = { ...a }
  for (const [k, v] of Object.entries(b)) o[k] = k in o ? merge(o[k], v) : v
  return o
}
const helm = await mainHelm()
const ids = (os: any[]) => Object.fromEntries(os.map((o) => [`${o.kind}/${o.metadata.name}`, JSON.stringify(o)]))
const out: any = {}
const cache = new Map()
for (const [p, n] of Object.entries(leaves)) {
  const withs = ctx.find(([r]) => r.test(p))?.[1] ?? {}
  const value = valueOf(p, n)
  try {
    const key = JSON.stringify(withs)
    if (!cache.has(key)) cache.set(key, ids(await render(helm, { values: withs })))
    const a = cache.get(key),
      b = ids(
        await render(helm, {
          values: merge(
            withs,
            p === "authHelpers.create" ? { authHelpers: { create: true, files: { a: "b" } } } : nest(p, value),
          ),
        }),
      )
    const changed = [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((k) => a[k] !== b[k])
      .map((k) => (k in a ? (k in b ? "" : "-") : "+") + k)
      .sort()
    out[p] = {
      ...(Object.keys(withs).length ? { with: withs } : {}),
      value,
      changes: changed.length > 8 ? changed.length : changed,
    }
    if (changed.length === 0) console.log("NOTHING", p, JSON.stringify(value))
  } catch (e: any) {
    console.log("ERR", p, JSON.stringify(value), String(e.message).slice(0, 300))
    out[p] = { with: withs, value, changes: "ERR" }
  }
}
writeFileSync("/tmp/keys.json", JSON.stringify(out, null, 1))
console.log(Object.keys(out).length)
