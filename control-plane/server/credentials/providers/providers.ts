import type { Config } from "../../config/types.ts"
import type { Secret } from "../../crypto/index.ts"
import { AppError } from "../../errors/index.ts"
import { agentConfig } from "./agent-config.ts"
import { type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import { readKeyFile } from "./key-files.ts"

/** A provider together with the key that is right at this moment. */
export interface ProviderAccess {
  readonly definition: ProviderDefinition
  /** Null for a provider that needs none. */
  readonly key: Secret | null
}

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
 * Providers of the configuration file, their keys in files.
 * @throws AppError `invalid_request` that lists every fault.
 */
export function createProviders(options: { config: Config }): Providers {
  const { file, directories } = options.config
  const configured = new Map<string, ProviderDefinition>()
  const faults: string[] = []
  for (const [id, json] of Object.entries(file.providers ?? {})) {
    const result = readProvider(id, json)
    if ("faults" in result) faults.push(...result.faults)
    else configured.set(id, result.provider)
  }
  if (faults.length > 0) throw new AppError("invalid_request", faults.join("\n"))
  return {
    agentConfig: async () => agentConfig([...configured.values()], file.agent ?? {}),
    async access(id) {
      const definition = configured.get(id)
      if (definition === undefined) return undefined
      return { definition, key: await readKeyFile(directories.providerKeys, id) }
    },
  }
}
