import type { V1Secret } from "@kubernetes/client-node"
import type { Secret } from "../../crypto/index.ts"
import { HANDS_OFF, workloadLabels, workloadName } from "../names.ts"
import type { TemplateConfig } from "./types.ts"

/** The agent's password, owned by the StatefulSet: the garbage collector takes it away with it. */
export function renderSecret(input: {
  config: TemplateConfig
  workloadId: string
  sessionId: string
  password: Secret
  ownerUid: string
}): V1Secret {
  const { config, workloadId, sessionId } = input
  const name = workloadName(config.release, workloadId)
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: config.sessionNamespace,
      labels: workloadLabels({ release: config.release, instance: config.instance, workloadId, sessionId }),
      annotations: HANDS_OFF,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "StatefulSet", name, uid: input.ownerUid }],
    },
    type: "Opaque",
    data: { password: Buffer.from(input.password.reveal()).toString("base64") },
  }
}
