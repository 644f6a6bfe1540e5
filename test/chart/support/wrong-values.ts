const host = { host: "berth.example.com" }
const oidc = { enabled: true, issuer: "https://auth.example.com", clientId: "berth" }
const header = { enabled: true, email: { header: "X-Email" } }
const cidrs = { cidrs: ["10.0.0.0/28"] }
const jwt = { issuer: "https://auth.example.com", audience: "berth", jwksUri: "https://auth.example.com/jwks" }
const extraEnv = (...names: string[]) => ({ deployment: { extraEnv: names.map((name) => ({ name, value: "x" })) } })

const roleEnvFiles = { enabled: true, files: { "a.env": { secretName: "s", key: "k" } } }
const profileWith = (...environment_files: string[]) => ({
  runtime_auth_resolvers: { r: { command: "r" } },
  environment_files,
  default_binding: { type: "model_provider", runtime_auth_resolver: "r", provider: "m" },
})

/** Values that pass the schema and do not fit together, with everything that the chart says to them, word for word. */
export const wrongValues: readonly { readonly values: object; readonly faults: readonly string[] }[] = [
  // Reaching it
  {
    values: { fullnameOverride: "7app" },
    faults: [
      "object names would begin with a digit (7app), and those of Services cannot: set fullnameOverride, for example to b7app",
    ],
  },
  {
    values: {
      controlPlane: host,
      ingress: { enabled: true },
      httpRoute: { enabled: true, parentRefs: [{ name: "a" }] },
    },
    faults: ["ingress.enabled and httpRoute.enabled: choose one of them, set the others to false"],
  },
  { values: { ingress: { enabled: true } }, faults: ["ingress.enabled needs controlPlane.host (or ingress.hosts)"] },
  {
    values: { httpRoute: { enabled: true } },
    faults: [
      "httpRoute.enabled needs controlPlane.host (or httpRoute.hostnames)",
      "httpRoute.enabled needs httpRoute.parentRefs, the Gateway to attach to",
    ],
  },
  {
    values: { istio: { enabled: true, gateway: { create: true } } },
    faults: ["istio.enabled needs controlPlane.host"],
  },
  {
    values: { controlPlane: host, istio: { enabled: true } },
    faults: [
      "istio.enabled needs a Gateway: set istio.gateway.name to <namespace>/<name>, or istio.gateway.create=true, or istio.virtualService.enabled=false",
    ],
  },
  {
    values: { controlPlane: host, istio: { enabled: true, gateway: { create: true, name: "istio-system/berth" } } },
    faults: [
      "istio.gateway.create makes the Gateway in the release's namespace: istio.gateway.name must be a name without a namespace",
    ],
  },
  {
    values: { service: { externalTrafficPolicy: "Local", loadBalancerClass: "own" } },
    faults: [
      "service.externalTrafficPolicy needs service.type=NodePort or LoadBalancer",
      "service.loadBalancerClass and service.loadBalancerSourceRanges need service.type=LoadBalancer",
    ],
  },
  {
    values: { service: { type: "NodePort", loadBalancerSourceRanges: ["10.0.0.0/8"] } },
    faults: ["service.loadBalancerClass and service.loadBalancerSourceRanges need service.type=LoadBalancer"],
  },
  {
    values: { service: { nodePort: 30080 } },
    faults: ["service.nodePort needs service.type=NodePort or LoadBalancer"],
  },
  // Signing in
  {
    values: { passwordAuth: { enabled: false } },
    faults: [
      "nobody could sign in: set one of passwordAuth.enabled, oidc.enabled, headerAuth.enabled, apiKeys.existingSecret",
    ],
  },
  {
    values: { oidc: { enabled: true } },
    faults: [
      "oidc.enabled needs oidc.issuer",
      "oidc.enabled needs oidc.clientId",
      "oidc.enabled needs controlPlane.host, for the redirect URI",
    ],
  },
  {
    values: { controlPlane: host, oidc: { ...oidc, issuer: "http://auth.example.com" } },
    faults: ["oidc.issuer must be an https address (or set oidc.allowInsecureIssuer=true for a test)"],
  },
  {
    values: { controlPlane: host, oidc: { ...oidc, publicClient: true, pkce: false } },
    faults: ["oidc.publicClient needs oidc.pkce=true"],
  },
  {
    values: { controlPlane: host, oidc: { ...oidc, publicClient: true, clientSecret: { create: true } } },
    faults: ["oidc.publicClient has no secret: set oidc.clientSecret.create=false"],
  },
  {
    values: { controlPlane: host, oidc: { ...oidc, clientSecret: { name: "" } } },
    faults: ["oidc.enabled needs oidc.clientSecret.name, or oidc.publicClient=true"],
  },
  { values: { controlPlane: host, oidc: { ...oidc, scopes: ["email"] } }, faults: ["oidc.scopes must contain openid"] },
  {
    values: { headerAuth: { enabled: true, trust: cidrs } },
    faults: ["headerAuth.enabled needs headerAuth.email.header or headerAuth.jwt.header"],
  },
  {
    values: { headerAuth: header },
    faults: [
      "headerAuth.enabled needs a trust anchor, or anyone who reaches the control plane can be anybody: set headerAuth.trust.cidrs, headerAuth.trust.jwt or headerAuth.trust.sharedSecret (or authProxy.enabled)",
    ],
  },
  {
    values: {
      controlPlane: host,
      headerAuth: { ...header, trust: { cidrs: ["10.0.0.0/8"] } },
      istio: { enabled: true, gateway: { name: "g" } },
    },
    faults: [
      "headerAuth.trust.cidrs cannot be the only anchor behind an Istio sidecar: all requests come from 127.0.0.6 there. Set headerAuth.trust.jwt, headerAuth.trust.sharedSecret, or istio.gateway.principals with 127.0.0.6/32 among the addresses",
    ],
  },
  {
    values: { headerAuth: { ...header, trust: { cidrs: ["10.0.0.0/8", "::/0"] } } },
    faults: ["headerAuth.trust.cidrs: ::/0 is every address there is; name the proxies' own network"],
  },
  {
    values: { headerAuth: { ...header, jwt: { header: "X-Token" }, trust: { jwt: { ...jwt, audience: "" } } } },
    faults: ["headerAuth.trust.jwt needs all of issuer, audience and jwksUri"],
  },
  {
    values: { headerAuth: { ...header, trust: { jwt } } },
    faults: ["headerAuth.trust.jwt needs headerAuth.jwt.header"],
  },
  {
    values: { headerAuth: { ...header, jwt: { header: "X-Token" }, trust: cidrs } },
    faults: [
      "headerAuth.jwt.header needs headerAuth.trust.jwt (issuer, audience, jwksUri), so that the token's signature can be checked",
    ],
  },
  {
    values: { headerAuth: { ...header, trust: { sharedSecret: { existingSecret: "proxy" } } } },
    faults: ["headerAuth.trust.sharedSecret needs headerAuth.trust.sharedSecret.header"],
  },
  { values: { authProxy: { enabled: true } }, faults: ["authProxy.enabled needs authProxy.container.image"] },
  {
    values: { authProxy: { enabled: true, port: 8080, container: { image: "proxy" } } },
    faults: ["authProxy.port must not be 8080, 8081 or 9090: the control plane listens there"],
  },
  {
    values: {
      authProxy: {
        enabled: true,
        container: {
          image: "proxy",
          name: "control-plane",
          ports: [
            { name: "http", containerPort: 4180 },
            { name: "metrics", containerPort: 4181 },
          ],
          volumeMounts: [{ name: "a", mountPath: "/a" }],
        },
      },
      controlPlane: { extraVolumes: [{ name: "b", emptyDir: {} }] },
    },
    faults: [
      "authProxy.container.name: control-plane is the other container of the pod",
      "authProxy.container.ports: metrics is the name of another port of the pod; choose another for 4181 (authProxy.port=4180 is called proxy)",
      'authProxy.container.volumeMounts[].name="a" references no defined volume (controlPlane.extraVolumes); valid names: [b, broker-tls, config, tmp]',
    ],
  },
  // Data and secrets
  {
    values: { postgresql: { enabled: false } },
    faults: ["there is no database: set externalDatabase.existingSecret, or postgresql.enabled=true"],
  },
  {
    values: { externalDatabase: { existingSecretEnv: { host: "PGHOST" } } },
    faults: ["externalDatabase.existingSecretEnv needs externalDatabase.existingSecret"],
  },
  ...["/tmp/pg", "/dev/shm/pg", "/etc/berth/postgresql/data", "/data/../tmp/pg"].map((dataDirectory) => ({
    values: { postgresql: { dataDirectory } },
    faults: [
      `postgresql.dataDirectory: ${dataDirectory} is in a place that has files of its own; choose one as /var/lib/berth-postgresql/data`,
    ],
  })),
  {
    values: { postgresql: { auth: { password: "x", existingSecret: "y" } } },
    faults: ["postgresql.auth.password and postgresql.auth.existingSecret: set one of them"],
  },
  {
    values: { postgresql: { auth: { password: "x" } }, externalSecrets: { enabled: true } },
    faults: ["postgresql.auth.password and externalSecrets.enabled: the password can come from one of them only"],
  },
  {
    values: { encryption: { existingSecret: "x", keys: [Buffer.alloc(32).toString("base64")] } },
    faults: ["encryption.keys and encryption.existingSecret: set one of them"],
  },
  {
    values: { externalSecrets: { enabled: true, store: { name: "vault", keys: { "berth-admln": "admin" } } } },
    faults: [
      'externalSecrets.store.keys: "berth-admln" is not read from the store; Secrets that are: [berth-admin, berth-encryption, berth-postgresql, better-auth]',
    ],
  },
  {
    values: { externalSecrets: { enabled: true, store: { path: "berth" } } },
    faults: ["externalSecrets.store.path, keys and extraData need externalSecrets.store.name"],
  },
  {
    values: { externalSecrets: { enabled: true, generator: { digits: 30 } } },
    faults: ["externalSecrets.generator: digits and symbols are more than length"],
  },
  {
    values: { externalSecrets: { store: { name: "vault" } } },
    faults: ["externalSecrets.store.name needs externalSecrets.enabled=true"],
  },
  { values: { roleEnvFiles: { enabled: true } }, faults: ["roleEnvFiles.enabled needs roleEnvFiles.files"] },
  {
    values: { roleEnvFiles: { ...roleEnvFiles, selectable: ["a.env", "b.env"] } },
    faults: ['roleEnvFiles.selectable: "b.env" is not in roleEnvFiles.files'],
  },
  {
    values: { roleEnvFiles, credentials: { profiles: { p: profileWith("a.env", "b.env") } } },
    faults: ['credentials.profiles.p.environment_files: "b.env" is not in roleEnvFiles.files'],
  },
  {
    values: { credentials: { profiles: { p: profileWith("a.env") } } },
    faults: ['credentials.profiles.p.environment_files: "a.env" needs roleEnvFiles.enabled'],
  },
  {
    values: { github: { app: { id: "1" } } },
    faults: ["github.app.id needs github.app.clientId and github.app.existingSecret"],
  },
  // Sessions
  { values: { sessionNamespace: { create: true } }, faults: ["sessionNamespace.create needs sessionNamespace.name"] },
  {
    values: { sessions: { extraVolumes: [{ name: "workspace", emptyDir: {} }] } },
    faults: ['sessions.extraVolumes[].name="workspace" is a built-in volume: choose another name'],
  },
  ...["berth-auth-helpers", "berth-tmp"].map((name) => ({
    values: { sessions: { extraVolumes: [{ name, emptyDir: {} }] } },
    faults: [`sessions.extraVolumes[].name="${name}" is a built-in volume: choose another name`],
  })),
  {
    values: { sessions: { extraVolumes: [{ name: "x", secret: { secretName: "berth-encryption" } }] } },
    faults: [
      'sessions.extraVolumes[].name="x": the Secret "berth-encryption" belongs to Berth itself and cannot be used in session pods',
    ],
  },
  {
    values: { sessions: { extraVolumeMounts: [{ name: "x", mountPath: "/x" }] } },
    faults: [
      'sessions.extraVolumeMounts[].name="x" references no defined volume; valid names: [agent-config, auth-secret, workspace]',
    ],
  },
  {
    values: {
      sessions: {
        extraVolumes: [{ name: "b", emptyDir: {} }],
        extraVolumeMounts: [{ name: "broker-token", mountPath: "/x" }],
      },
    },
    faults: [
      'sessions.extraVolumeMounts[].name="broker-token" references no defined volume; valid names: [agent-config, auth-secret, b, workspace]',
    ],
  },
  { values: { sessions: { startTimeout: "10s" } }, faults: ["sessions.startTimeout must be 30s or more"] },
  {
    values: { sessions: { authProfile: "vertex" } },
    faults: ['sessions.authProfile references profile "vertex" which is not defined in credentials.profiles'],
  },
  {
    values: {
      credentials: {
        profiles: {
          a: { default_binding: { type: "bearer_env" } },
          b: { default_binding: { type: "claude_api_key_helper" } },
          c: { default_binding: { type: "model_provider", runtime_auth_resolver: "x" } },
          d: {
            runtime_auth_resolvers: { x: { command: "x", providers: ["mine"] } },
            default_binding: { type: "model_provider", runtime_auth_resolver: "x", provider: "other" },
          },
        },
      },
    },
    faults: [
      "credentials.profiles.a: bearer_env binding must have exactly one of auth_origin or runtime_auth_resolver",
      "credentials.profiles.a: bearer_env binding requires env_name",
      "credentials.profiles.b: claude_api_key_helper binding requires runtime_auth_resolver",
      'credentials.profiles.c: binding references runtime_auth_resolver "x" which is not defined',
      "credentials.profiles.c: model_provider binding requires provider",
      'credentials.profiles.d: default_binding is for the model provider "other", which runtime_auth_resolvers.x.providers does not have',
    ],
  },
  { values: { authHelpers: { create: true } }, faults: ["authHelpers.create needs authHelpers.files"] },
  { values: { authHelpers: { files: { a: "b" } } }, faults: ["authHelpers.files needs authHelpers.create=true"] },
  {
    values: { sessions: { serviceAccount: { create: false } } },
    faults: ["sessions.serviceAccount.create=false needs sessions.serviceAccount.name"],
  },
  // The control plane's pod
  {
    values: { externalDatabase: { existingSecret: "db", existingSecretEnv: { a: "POD_NAME" } } },
    faults: ["externalDatabase.existingSecretEnv sets POD_NAME, which the chart sets itself"],
  },
  {
    values: { controlPlane: extraEnv("PGHOST") },
    faults: ["controlPlane.deployment.extraEnv sets PGHOST, which the chart sets itself"],
  },
  {
    values: { controlPlane: extraEnv("A", "B", "A") },
    faults: ["controlPlane.deployment.extraEnv sets A twice"],
  },
  {
    values: { controlPlane: { extraVolumes: [{ name: "tmp", emptyDir: {} }] } },
    faults: ["controlPlane.extraVolumes: there are two volumes tmp"],
  },
  {
    values: { controlPlane: { extraVolumeMounts: [{ name: "tmp", mountPath: "/tmp" }] } },
    faults: ["controlPlane.extraVolumeMounts: two mounts at /tmp"],
  },
  {
    values: { controlPlane: { extraContainers: [{ name: "control-plane", image: "a" }] } },
    faults: [
      'controlPlane.extraContainers[].name="control-plane" is a container of the chart\'s own: choose another name',
    ],
  },
  {
    values: { controlPlane: { extraVolumeMounts: [{ name: "x", mountPath: "/x" }] } },
    faults: [
      'controlPlane.extraVolumeMounts[].name="x" references no defined volume; valid names: [broker-tls, config, tmp]',
    ],
  },
  {
    values: { controlPlane: { pdb: { enabled: true, maxUnavailable: "" } } },
    faults: ["controlPlane.pdb.enabled needs controlPlane.pdb.maxUnavailable or controlPlane.pdb.minAvailable"],
  },
  {
    values: { controlPlane: { autoscaling: { enabled: true, minReplicas: 3, maxReplicas: 2 } } },
    faults: ["controlPlane.autoscaling.maxReplicas is less than minReplicas"],
  },
  {
    values: { controlPlane: { serviceAccount: { create: false } } },
    faults: [
      "controlPlane.serviceAccount.create=false with rbac.enabled would give the namespace's default account the control plane's permissions: set controlPlane.serviceAccount.name",
    ],
  },
]
