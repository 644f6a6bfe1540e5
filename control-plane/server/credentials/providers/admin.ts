import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Vault } from "../vault/vault.ts"
import { isObject, originOf, type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import type { Injector } from "./injection.ts"
import { isCredentialName, mask } from "./leaks.ts"
import { limitWarnings } from "./limits.ts"
import type { Providers } from "./providers.ts"
import { sealSecrets } from "./repair.ts"
import { isSealed, type ProviderSecrets, putSecrets, takeSecrets } from "./secrets.ts"
import { deleteProvider, findProvider, listProviders, type ProviderRecord, saveProvider } from "./store.ts"
import { openSecrets, readStored } from "./stored.ts"
import { type Probe, type ProviderTest, testProvider } from "./test-provider.ts"
import { unwrapProvider } from "./wrapping.ts"

/** A model provider as administrators see it: OpenCode's JSON, placeholders where secrets are. */
export interface ProviderView {
  readonly id: string
  readonly source: "values" | "database"
  readonly definition: ProviderJson
  /** Why agents do not get it, in OpenCode's words where those are known; empty for one that is in force. */
  readonly faults: readonly string[]
  /** What is not wrong and should be known: what was repaired, a model without a limit. */
  readonly warnings: readonly string[]
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
  const { database, vault, audit, providers, probe } = options
  const viewOf = (record: ProviderRecord) => viewOfStored(record, vault)
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
        await saveProvider(transaction, { ...seal(vault, id, json, before), id, updatedBy: actor.email })
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

function seal(vault: Vault, id: string, body: ProviderJson, before: ProviderRecord | null) {
  const unwrapped = unwrapProvider(id, body)
  if ("faults" in unwrapped) throw refused(unwrapped.faults)
  const stored = before === null ? {} : openSecrets(before, vault)
  const { definition, secrets } = takeSecrets(unwrapped.json, stored)
  const result = readProvider(id, putSecrets(definition, secrets), "database")
  if ("faults" in result) throw refused(result.faults)
  if (before !== null) keepSecretsAtHome(before, result.provider, secrets, stored)
  return { definition, secretsSealed: sealSecrets(vault, id, secrets) }
}

function refused(faults: readonly string[]): AppError {
  return new AppError("invalid_request", faults.join("\n"), { details: { faults } })
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
  const home = originOf(before.id, before.definition)
  if (home === new URL(next.upstream).origin) return
  const kept = Object.keys(secrets).filter((path) => Object.hasOwn(stored, path) && stored[path] === secrets[path])
  if (kept.length === 0) return
  throw new AppError("invalid_request", `The address goes to another host: give ${kept.join(", ")} again.`, {
    details: { faults: kept.map((path) => `providers.${before.id}.${path}: needed again for another host`) },
  })
}

function viewOfStored(record: ProviderRecord, vault: Vault): ProviderView {
  const { id, definition, updatedAt, updatedBy, notices } = record
  const read = readStored(record, vault)
  const faults = "faults" in read ? read.faults : []
  const warnings = [...notices, ...limitWarnings(id, definition)]
  return { id, source: "database", definition: shown(definition), faults, warnings, updatedAt, updatedBy }
}

/** Header values of the values file are hidden like stored ones. */
function viewOfConfigured(id: string, json: ProviderJson): ProviderView {
  const { definition } = takeSecrets(json, {})
  const warnings = limitWarnings(id, json)
  return { id, source: "values", definition: shown(definition), faults: [], warnings, updatedAt: null, updatedBy: null }
}

/** The last net under every answer. Addresses may hold what is as long as a key, and were checked for one. */
function shown(definition: ProviderJson): ProviderJson {
  const { options, ...rest } = definition
  const masked = mask(rest) as ProviderJson
  if (!isObject(options)) return options === undefined ? masked : { ...masked, options: mask(options) }
  const kept = Object.entries(options).map(([name, value]) => [
    name,
    showsAsIs(name) ? value : mask(value, isCredentialName(name)),
  ])
  return { ...masked, options: Object.fromEntries(kept) }
}

function showsAsIs(option: string): boolean {
  return option === "baseURL" || option === "endpoint" || isSealed(option)
}

function notFound(id: string): AppError {
  return new AppError("not_found", `There is no model provider "${id}".`)
}
