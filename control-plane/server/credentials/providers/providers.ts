import type { Config } from "../../config/types.ts"
import { AppError } from "../../errors/index.ts"
import { type AgentSettings, agentConfig } from "./agent-config.ts"
import { type ProviderDefinition, type ProviderJson, readProvider } from "./definition.ts"
import { readKeyFile } from "./key-files.ts"
import { substitutionsIn } from "./leaks.ts"
import { permissionShapeFaults } from "./shape.ts"
import type { ProviderAccess, StoredProviders } from "./stored.ts"

/** What an agent is started with. */
export interface AgentSetup {
  /** OpenCode's configuration: everything but the secrets. */
  readonly config: Readonly<Record<string, unknown>>
  /** Providers that OpenCode would not start with, and why: sentences without a value. */
  readonly leftOut: readonly { readonly id: string; readonly faults: readonly string[] }[]
}

/** Which models there are, for the agent (without secrets) and for the gateway (with them). */
export interface Providers {
  /** OpenCode's configuration for a session, and which providers are not in it. */
  agentSetup(): Promise<AgentSetup>
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

/** What OpenCode would not start with in the configured `agent`, each a sentence that names the key. */
export function agentFaults({ permission }: AgentSettings): string[] {
  if (permission === undefined) return []
  const where = (place: readonly string[]) => ["agent.permission", ...place].join(".")
  const literal = substitutionsIn(permission).map(
    (place) => `${where(place)}: {env:…} and {file:…} are not replaced here; give the value itself`,
  )
  return [...permissionShapeFaults(permission).map(({ place, words }) => `${where(place)}: ${words}`), ...literal]
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
    async agentSetup() {
      const all = new Map(configured)
      const leftOut = []
      for (const [id, read] of (await stored?.definitions()) ?? []) {
        if ("provider" in read) all.set(id, read.provider)
        else {
          all.delete(id)
          leftOut.push({ id, faults: read.faults })
        }
      }
      const settings = withoutModelsOf(leftOut, file.agent ?? {})
      return { config: agentConfig([...all.values()], settings), leftOut }
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

/** A session with the model of a provider that it does not get could answer nothing: it gets the first one there is. */
function withoutModelsOf(leftOut: AgentSetup["leftOut"], { model, smallModel, ...rest }: AgentSettings): AgentSettings {
  const isGone = (name: string) => leftOut.some(({ id }) => name.startsWith(`${id}/`))
  return {
    ...rest,
    ...(model === undefined || isGone(model) ? {} : { model }),
    ...(smallModel === undefined || isGone(smallModel) ? {} : { smallModel }),
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
