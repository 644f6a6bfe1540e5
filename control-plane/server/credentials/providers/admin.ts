import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import { type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import type { Injector } from "./injection.ts"
import type { Providers } from "./providers.ts"
import { type ProviderSecrets, takeSecrets } from "./secrets.ts"
import { deleteProvider, findProvider, listProviders, type ProviderRecord, saveProvider } from "./store.ts"
import { openSecrets } from "./stored.ts"
import { type Probe, type ProviderTest, testProvider } from "./test-provider.ts"

/** A model provider as administrators see it: OpenCode's JSON, placeholders where secrets are. */
export interface ProviderView {
  readonly id: string
  readonly source: "values" | "database"
  readonly definition: ProviderJson
  /** Milliseconds since the epoch; null for one of the values. */
  readonly updatedAt: number | null
  readonly updatedBy: string | null
}

interface Actor {
  readonly userId: string
  readonly email: string
}

/** What administrators do with model providers. Permission is decided by the caller. */
export interface ProviderAdmin {
  list(): Promise<ProviderView[]>
  /** @throws AppError `not_found` */
  get(id: string): Promise<ProviderView>
  /**
   * Makes it or replaces it. `%%SECRET%%` keeps the stored value, unless the provider's address goes to another host.
   * @throws AppError `invalid_request` with every fault in `details.faults`.
   */
  put(actor: Actor, id: string, json: ProviderJson): Promise<ProviderView>
  /** One of the values that it had replaced is in force again. @throws AppError `not_found`, `conflict` for one of the values. */
  remove(actor: Actor, id: string): Promise<void>
  /** Asks the provider for its models with the key that is in force. @throws AppError `not_found` */
  test(id: string): Promise<ProviderTest>
}

export interface ProviderAdminOptions {
  readonly config: Config
  readonly database: Database
  readonly vault: Vault
  readonly audit: Audit
  readonly providers: Providers
  /** One guarded request to the outside. */
  readonly probe: Probe
  readonly injector: Injector
}

/** The admin side of model providers; changes hold on every replica from the next request on. */
export function createProviderAdmin(options: ProviderAdminOptions): ProviderAdmin {
  const { database, audit, providers, probe } = options
  const configured = options.config.file.providers ?? {}
  return {
    async list() {
      const stored = await listProviders(database)
      const replaced = new Set(stored.map(({ id }) => id))
      const rest = Object.keys(configured).filter((id) => !replaced.has(id))
      return [...rest.map((id) => viewOfConfigured(id, configured[id] ?? {})), ...stored.map(viewOf)]
    },
    async get(id) {
      const stored = await findProvider(database, id)
      if (stored !== null) return viewOf(stored)
      if (!Object.hasOwn(configured, id)) throw notFound(id)
      return viewOfConfigured(id, configured[id] ?? {})
    },
    async put(actor, id, json) {
      return await withTransaction(database, async (transaction) => {
        const before = await findProvider(transaction, id, true)
        await saveProvider(transaction, { ...seal(options.vault, id, json, before), id, updatedBy: actor.email })
        const event = {
          actorId: actor.userId,
          actor: actor.email,
          action: before === null ? "provider.create" : "provider.update",
        }
        await audit.record({ ...event, outcome: "ok", facts: { provider: id } }, transaction)
        const saved = await findProvider(transaction, id)
        if (saved === null) throw notFound(id)
        return viewOf(saved)
      })
    },
    async remove(actor, id) {
      await withTransaction(database, async (transaction) => {
        if (!(await deleteProvider(transaction, id))) {
          if (!Object.hasOwn(configured, id)) throw notFound(id)
          throw new AppError(
            "conflict",
            `"${id}" comes from the installation's values (providers.${id}); change it there.`,
          )
        }
        const event = { actorId: actor.userId, actor: actor.email, action: "provider.delete" }
        await audit.record({ ...event, outcome: "ok", facts: { provider: id } }, transaction)
      })
    },
    async test(id) {
      const access = await providers.access(id)
      if (access === undefined) throw notFound(id)
      return await testProvider(access, probe, options.injector)
    },
  }
}

function seal(vault: Vault, id: string, json: ProviderJson, before: ProviderRecord | null) {
  const stored = before === null ? {} : openSecrets(before, vault)
  const { definition, secrets } = takeSecrets(json, stored)
  const next = check(id, json, secrets)
  if (before !== null) keepSecretsAtHome(before, next, secrets, stored)
  const text = Object.keys(secrets).length === 0 ? null : JSON.stringify(secrets)
  return { definition, secretsSealed: text === null ? null : vault.seal(text, sealedColumns.providerSecrets(id)) }
}

function check(id: string, json: ProviderJson, secrets: ProviderSecrets): ProviderDefinition {
  const result = readProvider(id, json, "database")
  const faults = "faults" in result ? [...result.faults] : []
  // What a placeholder stands for was checked when it was stored; what is new is checked in place.
  for (const [path, value] of Object.entries(secrets)) {
    if (/[\0-\x1f\x7f]/.test(value)) faults.push(`providers.${id}.${path}: control characters are not possible`)
  }
  if (faults.length > 0 || "faults" in result) {
    throw new AppError("invalid_request", faults.join("\n"), { details: { faults } })
  }
  return result.provider
}

/**
 * A stored secret does not follow a provider to another address: who may change the address but does not know the key
 * could otherwise have it sent to himself.
 */
function keepSecretsAtHome(
  before: ProviderRecord,
  next: ProviderDefinition,
  secrets: ProviderSecrets,
  stored: ProviderSecrets,
): void {
  const result = readProvider(before.id, before.definition, "database")
  const home = "faults" in result ? null : new URL(result.provider.upstream).origin
  if (home === new URL(next.upstream).origin) return
  const kept = Object.keys(secrets).filter((path) => Object.hasOwn(stored, path) && stored[path] === secrets[path])
  if (kept.length === 0) return
  throw new AppError("invalid_request", `The address goes to another host: give ${kept.join(", ")} again.`, {
    details: { faults: kept.map((path) => `providers.${before.id}.${path}: needed again for another host`) },
  })
}

function viewOf(record: ProviderRecord): ProviderView {
  const { id, definition, updatedAt, updatedBy } = record
  return { id, source: "database", definition, updatedAt, updatedBy }
}

/** Header values of the values file are hidden like stored ones. */
function viewOfConfigured(id: string, json: ProviderJson): ProviderView {
  return { id, source: "values", definition: takeSecrets(json, {}).definition, updatedAt: null, updatedBy: null }
}

function notFound(id: string): AppError {
  return new AppError("not_found", `There is no model provider "${id}".`)
}
