import type { FromSchema } from "json-schema-to-ts"
import { signInSchemas } from "./sign-in-schemas.ts"

const anyObject = { type: "object", additionalProperties: true } as const
const anyObjects = { type: "array", items: anyObject } as const
const stringMap = { type: "object", additionalProperties: { type: "string" } } as const
/** A method, a path with `{names}` for one segment each, and names of query parameters. */
const modelRequest = "^(GET|HEAD|POST|PUT|PATCH|DELETE) /[^\\s?#]*(\\?[\\w.-]+(&[\\w.-]+)*)?$"
const imageReference = { type: "string", minLength: 1 } as const

/**
 * The structured settings of the control plane, as the chart renders them into `config.json`.
 * Unknown keys are refused: a typo in a values file must not be a silent default.
 */
export const configFileSchema = {
  type: "object",
  additionalProperties: false,
  required: [
    "release",
    "instance",
    "namespace",
    "sessionNamespace",
    "public",
    "images",
    "broker",
    "sessions",
    "sessionVolume",
  ],
  properties: {
    /** The chart's fullname: prefix of every object and value of the label `berth.dev/release`. */
    release: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$" },
    /** Helm's release name, for `app.kubernetes.io/instance`. */
    instance: { type: "string", minLength: 1 },
    namespace: { type: "string", minLength: 1 },
    sessionNamespace: { type: "string", minLength: 1 },
    public: {
      type: "object",
      additionalProperties: false,
      required: ["host", "pathPrefix"],
      properties: {
        host: { type: "string" },
        pathPrefix: { type: "string", pattern: "^/([^/]+/)*$" },
        /** False only where the browser reaches the control plane over plain HTTP (a local cluster). */
        tls: { type: "boolean", default: true },
        /** CIDRs of the proxies whose `X-Forwarded-For` names the caller, for rate limits and the audit log. */
        trustedProxies: { type: "array", items: { type: "string" }, default: [] },
      },
    },
    images: {
      type: "object",
      additionalProperties: false,
      required: ["dataPlane", "dataPlaneInit", "auth"],
      properties: {
        dataPlane: imageReference,
        dataPlaneInit: imageReference,
        auth: imageReference,
        pullPolicy: { type: "string", enum: ["Always", "IfNotPresent", "Never"], default: "IfNotPresent" },
      },
    },
    broker: {
      type: "object",
      additionalProperties: false,
      required: ["url", "caConfigMap"],
      properties: {
        url: { type: "string", pattern: "^https://" },
        caConfigMap: { type: "string", minLength: 1 },
        audience: { type: "string", default: "berth-broker" },
        /** False under a mesh that rewrites the peer's address. */
        verifyPeerAddress: { type: "boolean", default: true },
        /** Hosts on private addresses that the broker may dial all the same (name, or name:port). */
        allowedPrivateHosts: { type: "array", items: { type: "string" }, default: [] },
        /** What agents may ask of a model provider (by id) beside model calls, as `GET /files/{id}`. */
        allowedModelRequests: {
          type: "object",
          additionalProperties: { type: "array", items: { type: "string", pattern: modelRequest } },
          default: {},
        },
      },
    },
    sessions: {
      type: "object",
      additionalProperties: false,
      required: ["serviceAccountName"],
      properties: {
        serviceAccountName: { type: "string", minLength: 1 },
        resources: anyObject,
        /** Most that /tmp and the home directory of the agent take of the node's disk, together. */
        scratchSize: { type: "string", minLength: 1, default: "4Gi" },
        /** Resources of the auth sidecar and of workspace-init, by container name. */
        sidecarResources: anyObject,
        imagePullSecrets: anyObjects,
        nodeSelector: stringMap,
        tolerations: anyObjects,
        affinity: anyObject,
        runtimeClassName: { type: "string" },
        priorityClassName: { type: "string" },
        podLabels: stringMap,
        podAnnotations: stringMap,
        extraVolumes: anyObjects,
        extraVolumeMounts: anyObjects,
        podTemplate: anyObject,
        podSecurityLevel: { type: "string", enum: ["restricted", "baseline", "privileged"], default: "restricted" },
        /** False leaves user and group ids to the platform (OpenShift). */
        setUserIds: { type: "boolean", default: true },
        idleTimeout_s: { type: "integer", minimum: 0, default: 0 },
        maxPerUser: { type: "integer", minimum: 0, default: 0 },
        /** Sessions a user may have in all, stopped ones too: each has a volume. */
        maxVolumesPerUser: { type: "integer", minimum: 0, default: 100 },
        /** What is stored of a session's conversation, of all of a user's, and the size of the database up to which it is. */
        maxStoredMiB: { type: "integer", minimum: 0, default: 0 },
        maxStoredMiBPerUser: { type: "integer", minimum: 0, default: 0 },
        maxDatabaseMiB: { type: "integer", minimum: 0, default: 0 },
        /** Of a new session that does not say, made by somebody whose settings do not say either. */
        defaultVisibility: { type: "string", enum: ["private", "public"], default: "private" },
        startTimeout_s: { type: "integer", minimum: 30, default: 300 },
        authProfile: { type: "string" },
      },
    },
    sessionVolume: {
      type: "object",
      additionalProperties: false,
      required: ["storageSize"],
      properties: {
        storageSize: { type: "string" },
        /** How large a person can make a session's volume. */
        maxStorageSize: { type: "string", default: "20Gi" },
        storageClassName: { type: "string" },
      },
    },
    authHelpers: {
      type: "object",
      additionalProperties: false,
      properties: { configMap: { type: "string" }, container: anyObject },
    },
    /** OpenCode provider objects by provider id; keys come from files, never from here. */
    providers: { type: "object", additionalProperties: anyObject },
    agent: {
      type: "object",
      additionalProperties: false,
      properties: {
        /** `provider/model`; empty means the first model of the first provider. */
        model: { type: "string" },
        smallModel: { type: "string" },
        /** OpenCode's permission object. */
        permission: anyObject,
      },
    },
    git: {
      type: "object",
      additionalProperties: false,
      properties: {
        hosts: {
          type: "object",
          additionalProperties: {
            type: "object",
            additionalProperties: false,
            properties: {
              scheme: { type: "string", enum: ["https", "http"], default: "https" },
              existingSecret: { type: "string" },
              /** User name beside the token; empty: what the host's kind takes. */
              username: { type: "string" },
              /** What the token of `existingSecret` is for; empty lists mean everything. */
              allow: {
                type: "object",
                additionalProperties: false,
                properties: {
                  roles: { type: "array", items: { type: "string" } },
                  repositories: { type: "array", items: { type: "string", minLength: 1 } },
                  push: { type: "boolean" },
                },
              },
            },
          },
        },
      },
    },
    passwordAuth: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: { enabled: { type: "boolean", default: true } },
    },
    ...signInSchemas,
    credentials: anyObject,
    /** Secrets and volumes of the installation itself in the session namespace: no session pod may use them. */
    own: {
      type: "object",
      additionalProperties: false,
      properties: {
        secrets: { type: "array", items: { type: "string" } },
        claims: { type: "array", items: { type: "string" } },
      },
    },
    audit: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: { retention_days: { type: "integer", minimum: 1, default: 365 } },
    },
  },
} as const

export type ConfigFile = FromSchema<typeof configFileSchema>
