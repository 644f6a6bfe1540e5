import type { Audit } from "../../audit/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import { salvage } from "./salvage.ts"
import type { ProviderSecrets } from "./secrets.ts"
import { findProvider, listProviders, type ProviderRecord, repairProvider } from "./store.ts"
import { openSecrets } from "./stored.ts"

interface Parts {
  readonly database: Database
  readonly vault: Vault
  readonly audit: Audit
  readonly log: Logger
}

/**
 * Seals or takes out what stands in clear text in stored providers and could be a credential, and leaves a notice at the
 * provider, in the log and in the audit log. For the start; what is in order is not touched.
 */
export async function repairStoredProviders(parts: Parts): Promise<void> {
  for (const record of await listProviders(parts.database)) {
    // Nobody gets a credential that stays: every reader repairs what it reads. So this stops no start.
    await repair(record, parts).catch((error: unknown) => {
      parts.log.error({ err: error, provider: record.id }, "stored model provider not repaired")
    })
  }
}

async function repair({ id, ...listed }: ProviderRecord, { database, vault, audit, log }: Parts): Promise<void> {
  const salvaged = (record: ProviderRecord) => salvage(id, record.definition, openSecrets(record, vault))
  // Without a lock at first: a database that takes no writes now can still be read.
  if (salvaged({ id, ...listed }).notices.length === 0) return
  await withTransaction(database, async (transaction) => {
    const record = await findProvider(transaction, id, true)
    if (record === null) return
    const { definition, secrets, notices } = salvaged(record)
    if (notices.length === 0) return
    const secretsSealed = sealSecrets(vault, id, secrets)
    await repairProvider(transaction, { id, definition, secretsSealed, notices: [...record.notices, ...notices] })
    const event = { actorId: null, actor: "system", action: "provider.repair", outcome: "ok" } as const
    await audit.record({ ...event, facts: { provider: id, done: notices.length } }, transaction)
    log.warn({ provider: id, notices }, "credentials in clear text found in a stored model provider")
  })
}

/** Null when there is nothing to seal. */
export function sealSecrets(vault: Vault, id: string, secrets: ProviderSecrets): Buffer | null {
  if (Object.keys(secrets).length === 0) return null
  return vault.seal(JSON.stringify(secrets), sealedColumns.providerSecrets(id))
}
