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
  accountTokens: (accountId: string, ownerId: string): SealContext => ({
    table: "linked_accounts",
    column: "tokens_sealed",
    row: accountId,
    owner: ownerId,
  }),
  linkVerifier: (stateHash: Buffer, ownerId: string): SealContext => ({
    table: "link_attempts",
    column: "verifier_sealed",
    row: stateHash.toString("hex"),
    owner: ownerId,
  }),
} as const
