import type { SealContext } from "./vault.ts"

/** Where each sealed column's values belong: the one place that names the contexts, so that sealer and opener agree. */
export const sealedColumns = {
  workloadPassword: (workloadId: string): SealContext => ({
    table: "workloads",
    column: "password_sealed",
    row: workloadId,
  }),
  sessionEnvironment: (sessionId: string, ownerId: string): SealContext => ({
    table: "sessions",
    column: "environment_sealed",
    row: sessionId,
    owner: ownerId,
  }),
  providerSecrets: (providerId: string): SealContext => ({
    table: "providers",
    column: "secrets_sealed",
    row: providerId,
  }),
} as const
