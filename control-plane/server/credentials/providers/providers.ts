import type { Config } from "../../config/types.ts"
import { AppError } from "../../errors/index.ts"
import { agentConfig } from "./agent-config.ts"
import { type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import { readKeyFile } from "./key-files.ts"
import type { ProviderAccess, StoredProviders } from "./stored.ts"

/** Which models there are, for the agent (without secrets) and for the gateway (with them). */
export interface Providers {
  /** OpenCode's configuration for a session: everything but the secrets. */
  agentConfig(): Promise<Readonly<Record<string, unknown>>>
  /** What the gateway needs for one request, read now. Undefined when there is no such provider. */
  access(id: string): Promise<ProviderAccess | undefined>
}

/** What is wrong with configured providers, all of it: for the start-up check that reports every fault at once. */
export function providerFaults(providers: Readonly<Record<string, ProviderJson>>): string[] {
  return Object.entries(providers).flatMap(([id, json]) => {
    const result = readProvider(id, json)
    return "faults" in result ? result.faults : []
  })
}

/**
 * Providers of the values, their keys in files, and `stored` ones of the database. A stored one replaces its namesake
 * as a whole: a key of the values never goes to an address that an administrator typed in.
 * @throws AppError `invalid_request` that lists every fault of the configured ones.
 */
export function createProviders(options: { config: Config; stored?: StoredProviders }): Providers {
  const { stored } = options
  const { file, directories } = options.config
  const configured = readConfigured(file.providers ?? {})
  return {
    async agentConfig() {
      const all = new Map(configured)
      for (const [id, definition] of (await stored?.definitions()) ?? []) {
        if (definition === null) all.delete(id)
        else all.set(id, definition)
      }
      return agentConfig([...all.values()], file.agent ?? {})
    },
    async access(id) {
      const own = await stored?.access(id)
      if (own !== undefined) return own
      const definition = configured.get(id)
      if (definition === undefined) return undefined
      return { definition, key: await readKeyFile(directories.providerKeys, id) }
    },
  }
}

function readConfigured(providers: Readonly<Record<string, ProviderJson>>): Map<string, ProviderDefinition> {
  const configured = new Map<string, ProviderDefinition>()
  const faults: string[] = []
  for (const [id, json] of Object.entries(providers)) {
    const result = readProvider(id, json)
    if ("faults" in result) faults.push(...result.faults)
    else configured.set(id, result.provider)
  }
  if (faults.length > 0) throw new AppError("invalid_request", faults.join("\n"))
  return configured
}
