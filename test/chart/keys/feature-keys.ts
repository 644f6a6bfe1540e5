import { CONFIG, type Section } from "./types.ts"

/** Keys that show only with others beside them. */
export const featureKeys: readonly Section[] = [
  {
    with: { controlPlane: { serviceAccount: { name: "mine" } } },
    rows: [["controlPlane.serviceAccount.create", false, "-ServiceAccount/mine"]],
  },
  {
    with: { controlPlane: { pdb: { enabled: true } } },
    rows: [
      ["controlPlane.pdb.maxUnavailable", 7, "PodDisruptionBudget/berth"],
      ["controlPlane.pdb.minAvailable", 7, "PodDisruptionBudget/berth"],
    ],
  },
  {
    with: { controlPlane: { autoscaling: { enabled: true } } },
    rows: [
      ["controlPlane.autoscaling.minReplicas", 5, "HorizontalPodAutoscaler/berth"],
      ["controlPlane.autoscaling.maxReplicas", 7, "HorizontalPodAutoscaler/berth"],
      ["controlPlane.autoscaling.targetCPUUtilizationPercentage", 81, "HorizontalPodAutoscaler/berth"],
      ["controlPlane.autoscaling.metrics", [{ changed: "changed" }], "HorizontalPodAutoscaler/berth"],
      ["controlPlane.autoscaling.behavior", { changed: { changed: "changed" } }, "HorizontalPodAutoscaler/berth"],
    ],
  },
  {
    with: { service: { type: "NodePort" } },
    rows: [["service.nodePort", 30999, "Service/berth"]],
  },
  {
    with: { service: { type: "LoadBalancer" } },
    rows: [
      ["service.loadBalancerClass", "changed", "Service/berth"],
      ["service.loadBalancerSourceRanges", ["77.0.0.0/8"], "Service/berth"],
      ["service.externalTrafficPolicy", "Local", "Service/berth"],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" } },
    rows: [["ingress.enabled", true, "+Ingress/berth"]],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, ingress: { enabled: true } },
    rows: [
      ["ingress.className", "changed", "Ingress/berth"],
      ["ingress.annotations", { changed: "changed" }, "Ingress/berth"],
      ["ingress.hosts", [{ host: "changed.example.com" }], "Deployment/berth Ingress/berth"],
      ["ingress.tls", [{ changed: "changed" }], "Ingress/berth"],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, httpRoute: { parentRefs: [{ name: "g" }] } },
    rows: [["httpRoute.enabled", true, "+HTTPRoute/berth"]],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, httpRoute: { enabled: true, parentRefs: [{ name: "g" }] } },
    rows: [
      ["httpRoute.parentRefs", [{ name: "changed" }], "HTTPRoute/berth"],
      ["httpRoute.hostnames", ["changed.example.com"], "Deployment/berth HTTPRoute/berth"],
      ["httpRoute.annotations", { changed: "changed" }, "HTTPRoute/berth"],
      ["httpRoute.filters", [{ changed: "changed" }], "HTTPRoute/berth"],
      ["httpRoute.timeouts", { request: "77s" }, "HTTPRoute/berth"],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, istio: { gateway: { name: "a/b" } } },
    rows: [
      [
        "istio.enabled",
        true,
        "+PeerAuthentication/berth +VirtualService/berth ConfigMap/berth-config Deployment/berth NetworkPolicy/berth Pod/berth-test StatefulSet/berth-postgresql",
      ],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, istio: { enabled: true, gateway: { name: "a/b" } } },
    rows: [
      ["istio.inject", false, "Deployment/berth NetworkPolicy/berth"],
      ["istio.gateway.name", "changed/gateway", "VirtualService/berth"],
      ["istio.virtualService.enabled", false, "-VirtualService/berth"],
      ["istio.virtualService.annotations", { changed: "changed" }, "VirtualService/berth"],
      ["istio.peerAuthentication.mode", "STRICT", "PeerAuthentication/berth"],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, istio: { enabled: true, gateway: { name: "b" } } },
    rows: [["istio.gateway.create", true, "+Gateway/b"]],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, istio: { enabled: true, gateway: { create: true } } },
    rows: [
      ["istio.gateway.selector", { changed: "changed" }, "Gateway/berth"],
      ["istio.gateway.credentialName", "changed", "Gateway/berth"],
      ["istio.gateway.principals", ["changed"], "+AuthorizationPolicy/berth"],
    ],
  },
  {
    with: { sessionNamespace: { name: "s" } },
    rows: [
      [
        "sessionNamespace.create",
        true,
        "+Job/berth-broker-ca +Namespace/s Job/berth-secrets Role/berth-broker-ca Role/berth-secrets RoleBinding/berth-broker-ca RoleBinding/berth-secrets ServiceAccount/berth-secrets",
      ],
    ],
  },
  {
    with: { authHelpers: { create: true, files: { a: "b" } } },
    rows: [["authHelpers.files", { changed: "changed" }, "ConfigMap/berth-auth-helpers"]],
  },
  {
    with: {
      credentials: {
        profiles: {
          changed: {
            runtime_auth_resolvers: { r: { command: "r" } },
            env: { A: "b" },
            default_binding: { type: "bearer_env", runtime_auth_resolver: "r", env_name: "B" },
          },
        },
      },
    },
    rows: [["sessions.authProfile", "changed", CONFIG]],
  },
  {
    with: { sessions: { serviceAccount: { name: "mine" } } },
    rows: [["sessions.serviceAccount.create", false, "-ServiceAccount/mine"]],
  },
  {
    with: { github: { app: { clientId: "c", existingSecret: "s" } } },
    rows: [["github.app.id", "77", "Deployment/berth"]],
  },
  {
    with: { github: { app: { id: "1", clientId: "c", existingSecret: "s" } } },
    rows: [
      ["github.app.slug", "changed", "Deployment/berth"],
      ["github.app.clientId", "changed", "Deployment/berth"],
      ["github.app.baseUrl", "https://changed.example.com", "Deployment/berth"],
      ["github.app.existingSecret", "changed", "Deployment/berth ConfigMap/berth-config"],
    ],
  },
  {
    with: { apiKeys: { existingSecret: "k" } },
    rows: [
      ["apiKeys.existingSecretKey", "changed", "Deployment/berth"],
      ["passwordAuth.enabled", false, "ConfigMap/berth-config Deployment/berth Job/berth-secrets Role/berth-secrets"],
    ],
  },
  {
    with: { roleEnvFiles: { files: { "default.env": { secretName: "s", key: "k" } } } },
    rows: [["roleEnvFiles.enabled", true, "Deployment/berth"]],
  },
  {
    with: { roleEnvFiles: { enabled: true, files: { "default.env": { secretName: "s", key: "k" } } } },
    rows: [
      ["roleEnvFiles.loadDefault", false, "Deployment/berth"],
      [
        "roleEnvFiles.files",
        { "changed.env": { secretName: "changed", key: "changed" } },
        "Deployment/berth ConfigMap/berth-config",
      ],
      ["roleEnvFiles.selectable", ["default.env"], "Deployment/berth"],
    ],
  },
  {
    with: { artifacts: { s3: { bucket: "b" } } },
    rows: [
      ["artifacts.s3.region", "changed", "Deployment/berth"],
      ["artifacts.s3.prefix", "changed", "Deployment/berth"],
      ["artifacts.s3.endpoint", "https://changed.example.com", "Deployment/berth"],
      ["artifacts.s3.existingSecret", "changed", "Deployment/berth ConfigMap/berth-config"],
    ],
  },
  {
    with: { controlPlane: { host: "berth.example.com" }, oidc: { issuer: "https://a.example.com", clientId: "a" } },
    rows: [["oidc.enabled", true, CONFIG]],
  },
  {
    with: {
      controlPlane: { host: "berth.example.com" },
      oidc: { enabled: true, issuer: "https://a.example.com", clientId: "a" },
    },
    rows: [
      ["oidc.providerId", "changed", CONFIG],
      ["oidc.label", "changed", CONFIG],
      ["oidc.domain", ["changed"], CONFIG],
      ["oidc.emailClaim", "changed", CONFIG],
      ["oidc.issuer", "https://changed.example.com", CONFIG],
      ["oidc.clientId", "changed", CONFIG],
      ["oidc.publicClient", true, CONFIG],
      ["oidc.pkce", false, CONFIG],
      ["oidc.scopes", ["openid", "changed"], CONFIG],
      ["oidc.tokenEndpointAuthMethod", "client_secret_basic", CONFIG],
      ["oidc.linkByEmail", true, CONFIG],
      ["oidc.allowInsecureIssuer", true, CONFIG],
      ["oidc.clientSecret.create", true, "+Secret/sso-oidc Deployment/berth"],
      ["oidc.clientSecret.name", "changed", "Deployment/berth ConfigMap/berth-config"],
      ["oidc.clientSecret.key", "changed", "Deployment/berth"],
    ],
  },
  {
    with: {
      controlPlane: { host: "berth.example.com" },
      oidc: { enabled: true, issuer: "https://a.example.com", clientId: "a", clientSecret: { create: true } },
    },
    rows: [["oidc.clientSecret.annotations", { changed: "changed" }, "Secret/sso-oidc"]],
  },
  {
    with: { headerAuth: { email: { header: "X-E" }, trust: { cidrs: ["10.0.0.1"] } } },
    rows: [["headerAuth.enabled", true, CONFIG]],
  },
  {
    with: { headerAuth: { enabled: true, email: { header: "X-E" }, trust: { cidrs: ["10.0.0.1"] } } },
    rows: [
      ["headerAuth.email.header", "changed", CONFIG],
      ["headerAuth.email.claim", "changed", CONFIG],
      ["headerAuth.user.header", "changed", CONFIG],
      ["headerAuth.user.claim", "changed", CONFIG],
      ["headerAuth.trust.cidrs", ["10.9.9.9"], CONFIG],
    ],
  },
  {
    with: {
      headerAuth: {
        enabled: true,
        jwt: { header: "X-J" },
        trust: { jwt: { issuer: "https://a.example.com", audience: "a", jwksUri: "https://a.example.com/k" } },
      },
    },
    rows: [
      ["headerAuth.jwt.header", "changed", CONFIG],
      ["headerAuth.trust.jwt.issuer", "https://changed.example.com", CONFIG],
      ["headerAuth.trust.jwt.audience", "changed", CONFIG],
      ["headerAuth.trust.jwt.jwksUri", "https://changed.example.com/k", CONFIG],
    ],
  },
  {
    with: {
      headerAuth: {
        enabled: true,
        email: { header: "X-E" },
        trust: { sharedSecret: { header: "X-S", existingSecret: "s" } },
      },
    },
    rows: [
      ["headerAuth.trust.sharedSecret.header", "changed", CONFIG],
      ["headerAuth.trust.sharedSecret.existingSecret", "changed", "Deployment/berth ConfigMap/berth-config"],
      ["headerAuth.trust.sharedSecret.key", "changed", "Deployment/berth"],
    ],
  },
  {
    with: { authProxy: { container: { image: "p" } } },
    rows: [["authProxy.enabled", true, "Deployment/berth NetworkPolicy/berth Pod/berth-test Service/berth"]],
  },
  {
    with: { authProxy: { enabled: true, container: { image: "p" } } },
    rows: [
      ["authProxy.container", { name: "changed" }, "Deployment/berth"],
      ["authProxy.port", 4181, "Deployment/berth NetworkPolicy/berth"],
    ],
  },
  {
    with: { externalDatabase: { existingSecret: "db" } },
    rows: [
      ["externalDatabase.existingSecretKey", "changed", "Deployment/berth"],
      ["externalDatabase.existingSecretEnv", { changed: "PGHOST" }, "Deployment/berth"],
      [
        "postgresql.enabled",
        false,
        "-ConfigMap/berth-postgresql -NetworkPolicy/berth-postgresql -PersistentVolumeClaim/berth-postgresql-data -Service/berth-postgresql -StatefulSet/berth-postgresql Job/berth-secrets Role/berth-secrets ConfigMap/berth-config Deployment/berth",
      ],
    ],
  },
  {
    with: { externalSecrets: { enabled: true } },
    rows: [
      ["externalSecrets.refreshPolicy", "OnChange", "ExternalSecret/berth-better-auth ExternalSecret/berth-postgresql"],
      ["externalSecrets.refreshInterval", "1h", "ExternalSecret/berth-better-auth ExternalSecret/berth-postgresql"],
      ["externalSecrets.generator.length", 77, "Password/berth-generated"],
      ["externalSecrets.generator.digits", 9, "Password/berth-generated"],
      ["externalSecrets.generator.symbols", 9, "Password/berth-generated"],
      ["externalSecrets.generator.noUpper", true, "Password/berth-generated"],
      ["externalSecrets.generator.allowRepeat", false, "Password/berth-generated"],
    ],
  },
  {
    with: { externalSecrets: { enabled: true, store: { name: "other", path: "p" } } },
    rows: [
      [
        "externalSecrets.store.name",
        "changed",
        "ExternalSecret/berth-admin ExternalSecret/berth-better-auth ExternalSecret/berth-encryption ExternalSecret/berth-postgresql ExternalSecret/berth-admin-in-store ExternalSecret/berth-better-auth-in-store ExternalSecret/berth-encryption-in-store ExternalSecret/berth-postgresql-in-store",
      ],
    ],
  },
  {
    with: { externalSecrets: { enabled: true, store: { name: "v", path: "p" } } },
    rows: [
      [
        "externalSecrets.store.kind",
        "SecretStore",
        "ExternalSecret/berth-admin ExternalSecret/berth-better-auth ExternalSecret/berth-encryption ExternalSecret/berth-postgresql ExternalSecret/berth-admin-in-store ExternalSecret/berth-better-auth-in-store ExternalSecret/berth-encryption-in-store ExternalSecret/berth-postgresql-in-store",
      ],
      [
        "externalSecrets.store.path",
        "/changed",
        "ExternalSecret/berth-admin ExternalSecret/berth-better-auth ExternalSecret/berth-encryption ExternalSecret/berth-postgresql ExternalSecret/berth-admin-in-store ExternalSecret/berth-better-auth-in-store ExternalSecret/berth-encryption-in-store ExternalSecret/berth-postgresql-in-store Job/berth-secrets",
      ],
      [
        "externalSecrets.store.separator",
        "-",
        "ExternalSecret/berth-admin ExternalSecret/berth-better-auth ExternalSecret/berth-encryption ExternalSecret/berth-postgresql ExternalSecret/berth-admin-in-store ExternalSecret/berth-better-auth-in-store ExternalSecret/berth-encryption-in-store ExternalSecret/berth-postgresql-in-store Job/berth-secrets",
      ],
      [
        "externalSecrets.store.keys",
        { "better-auth": "changed" },
        "ExternalSecret/berth-better-auth ExternalSecret/berth-better-auth-in-store Job/berth-secrets",
      ],
      [
        "externalSecrets.store.refreshInterval",
        "77s",
        "ExternalSecret/berth-admin ExternalSecret/berth-better-auth ExternalSecret/berth-encryption ExternalSecret/berth-postgresql ExternalSecret/berth-admin-in-store ExternalSecret/berth-better-auth-in-store ExternalSecret/berth-encryption-in-store ExternalSecret/berth-postgresql-in-store",
      ],
      [
        "externalSecrets.store.extraData",
        [{ secretName: "changed", secretKey: "k", remoteRef: { key: "r" } }],
        "+ExternalSecret/berth-changed +ExternalSecret/berth-changed-in-store Job/berth-secrets Role/berth-secrets",
      ],
    ],
  },
  {
    with: { metrics: { serviceMonitor: { enabled: true } } },
    rows: [
      ["metrics.serviceMonitor.interval", "77s", "ServiceMonitor/berth"],
      ["metrics.serviceMonitor.labels", { changed: "changed" }, "ServiceMonitor/berth"],
    ],
  },
]
