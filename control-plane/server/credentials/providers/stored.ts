import { Secret } from "../../crypto/index.ts"
import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import { isObject, type ProviderDefinition, readProvider } from "./definition.ts"
import { type ProviderSecrets, putSecrets } from "./secrets.ts"
import { findProvider, listProviders, type ProviderRecord } from "./store.ts"

/** The secrets of a stored provider, by path. */
export function openSecrets(record: ProviderRecord, vault: Vault): ProviderSecrets {
  if (record.secretsSealed === null) return {}
  const text = vault.open(record.secretsSealed, sealedColumns.providerSecrets(record.id)).reveal()
  return JSON.parse(text) as ProviderSecrets
}

/** A provider together with the key that is right at this moment. */
export interface ProviderAccess {
  readonly definition: ProviderDefinition
  /** Null for a provider that needs none. */
  readonly key: Secret | null
}

/** The providers of the database, read anew for every request: a change holds on every replica from the next one on. */
export interface StoredProviders {
  /** By id; null for one that is not usable, which is logged and must not keep sessions from starting with the others. */
  definitions(): Promise<ReadonlyMap<string, ProviderDefinition | null>>
  /** Undefined when there is none of this id. */
  access(id: string): Promise<ProviderAccess | undefined>
}

/** Reads what administrators have stored. */
export function createStoredProviders(options: { database: Database; vault: Vault; log: Logger }): StoredProviders {
  const { database, vault, log } = options
  return {
    async definitions() {
      const all = new Map<string, ProviderDefinition | null>()
      for (const record of await listProviders(database)) {
        try {
          all.set(record.id, openProvider(record, vault).definition)
        } catch (error) {
          log.error({ err: error, provider: record.id }, "a stored model provider is left out")
          all.set(record.id, null)
        }
      }
      return all
    },
    async access(id) {
      const record = await findProvider(database, id)
      return record === null ? undefined : openProvider(record, vault)
    },
  }
}

/** @throws AppError `internal` when a stored provider is not valid any more. */
function openProvider(record: ProviderRecord, vault: Vault): ProviderAccess {
  const json = putSecrets(record.definition, openSecrets(record, vault))
  const result = readProvider(record.id, json, "database")
  if ("faults" in result) {
    throw new AppError(
      "internal",
      `The model provider "${record.id}" is not usable. Ask an administrator to save it again.`,
      {
        detail: result.faults.join("; "),
      },
    )
  }
  const apiKey = isObject(json["options"]) ? json["options"]["apiKey"] : undefined
  return { definition: result.provider, key: typeof apiKey === "string" && apiKey !== "" ? new Secret(apiKey) : null }
}
