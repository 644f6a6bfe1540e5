import { Secret } from "../../crypto/index.ts"
import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import { isObject, type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import { salvage } from "./salvage.ts"
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

/** A stored provider that is in force, or why it is not: sentences without a value. */
export type StoredProvider = { readonly provider: ProviderDefinition } | { readonly faults: readonly string[] }

/** The providers of the database, read anew for every request: a change holds on every replica from the next one on. */
export interface StoredProviders {
  /** By id. One that is not usable is logged and must not keep sessions from starting with the others. */
  definitions(): Promise<ReadonlyMap<string, StoredProvider>>
  /** Undefined when there is none of this id. */
  access(id: string): Promise<ProviderAccess | undefined>
}

/** Reads what administrators have stored. */
export function createStoredProviders(options: { database: Database; vault: Vault; log: Logger }): StoredProviders {
  const { database, vault, log } = options
  // A pod may ask for its setup in a loop: a fault is logged once, and again when it is another one.
  const logged = new Map<string, string>()
  function report(id: string, faults: readonly string[]): void {
    const words = faults.join("; ")
    if (logged.get(id) !== words) log.error({ provider: id, faults }, "stored model provider left out")
    logged.set(id, words)
  }
  return {
    async definitions() {
      const all = new Map<string, StoredProvider>()
      for (const record of await listProviders(database)) {
        const read = readStored(record, vault)
        if ("faults" in read) report(record.id, read.faults)
        else logged.delete(record.id)
        all.set(record.id, read)
      }
      return all
    },
    async access(id) {
      const record = await findProvider(database, id)
      if (record === null) return undefined
      const read = readStored(record, vault)
      if ("provider" in read) return { definition: read.provider, key: read.key }
      throw new AppError(
        "internal",
        `The model provider "${id}" is not usable. Ask an administrator to save it again.`,
        {
          detail: read.faults.join("; "),
        },
      )
    },
  }
}

/** A stored provider with its key, or why it is not usable. */
export function readStored(
  record: ProviderRecord,
  vault: Vault,
): (ProviderAccess & { provider: ProviderDefinition }) | { faults: readonly string[] } {
  const opened = openOrFault(record, vault)
  if ("faults" in opened) return opened
  // Also what another replica, of an earlier version, has just saved.
  const { definition, secrets } = salvage(record.id, record.definition, opened.secrets)
  const json = putSecrets(definition, secrets)
  const result = readProvider(record.id, json, "database")
  if ("faults" in result) return result
  return { provider: result.provider, definition: result.provider, key: keyOf(json) }
}

function openOrFault(record: ProviderRecord, vault: Vault): { secrets: ProviderSecrets } | { faults: string[] } {
  try {
    return { secrets: openSecrets(record, vault) }
  } catch {
    return { faults: [`providers.${record.id}: its key cannot be opened; save the key again`] }
  }
}

function keyOf(json: ProviderJson): Secret | null {
  const options = isObject(json["options"]) ? json["options"] : {}
  const key = [options["apiKey"], options["authToken"]].find((text) => typeof text === "string" && text !== "")
  return typeof key === "string" ? new Secret(key) : null
}
