import type { TemplateConfig } from "../../../control-plane/server/workloads/render/index.ts"

type Settings = Partial<TemplateConfig["sessions"]>

/** Settings of a release "berth" as the chart renders them, less what the session's pod does not need. */
export function templateConfig(sessions: Settings = {}, more: Partial<TemplateConfig> = {}): TemplateConfig {
  return {
    release: "berth",
    instance: "berth",
    sessionNamespace: "sessions",
    images: {
      dataPlane: "berth/data-plane:test",
      dataPlaneInit: "berth/data-plane-init:test",
      auth: "berth/auth:test",
      pullPolicy: "IfNotPresent",
    },
    broker: {
      url: "https://berth-broker.berth.svc:8081",
      caConfigMap: "berth-broker-ca",
      audience: "berth-broker",
      verifyPeerAddress: true,
      allowedPrivateHosts: [],
      allowedModelRequests: {},
    },
    sessions: {
      serviceAccountName: "berth-session",
      podSecurityLevel: "restricted",
      scratchSize: "4Gi",
      setUserIds: true,
      idleTimeout_s: 0,
      maxPerUser: 0,
      maxVolumesPerUser: 0,
      maxStoredMiB: 0,
      maxStoredMiBPerUser: 0,
      maxDatabaseMiB: 0,
      defaultVisibility: "private",
      startTimeout_s: 300,
      ...sessions,
    },
    sessionVolume: { storageSize: "1Gi", maxStorageSize: "20Gi" },
    ...more,
  }
}
