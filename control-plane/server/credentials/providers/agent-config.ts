import { SIDECAR_PORT } from "../../../../pod-protocol/index.ts"
import { isObject, type ProviderDefinition } from "./definition.ts"

// OpenCode waits 300 s per silent chunk and tries six times: half an hour of "busy" on a hung provider.
const HEADER_TIMEOUT_MS = 120_000
const CHUNK_TIMEOUT_MS = 120_000
/** The SDKs insist on a key; the sidecar throws this one away and the broker adds the real one. */
const PLACEHOLDER_KEY = "kept-outside-of-this-pod"

export interface AgentSettings {
  /** `provider/model`; empty or absent: the first model of the first provider. */
  readonly model?: string
  readonly smallModel?: string
  /** OpenCode's permission object. */
  readonly permission?: Readonly<Record<string, unknown>>
}

/**
 * OpenCode's global configuration file for a session. It holds no secret: every provider's address is the sidecar's,
 * and what the SDK appends to it is appended to the real address by the broker.
 */
export function agentConfig(
  providers: readonly ProviderDefinition[],
  settings: AgentSettings,
): Readonly<Record<string, unknown>> {
  const model = settings.model || firstModel(providers)
  const smallModel = settings.smallModel || model
  return {
    share: "disabled",
    autoupdate: false,
    enabled_providers: providers.map(({ id }) => id),
    ...(model ? { model, small_model: smallModel } : {}),
    provider: Object.fromEntries(providers.map((provider) => [provider.id, agentProvider(provider)])),
    ...(settings.permission === undefined ? {} : { permission: settings.permission }),
  }
}

function agentProvider({ id, kind, visible }: ProviderDefinition): Record<string, unknown> {
  const options = isObject(visible["options"]) ? visible["options"] : {}
  return {
    ...visible,
    options: {
      headerTimeout: HEADER_TIMEOUT_MS,
      chunkTimeout: CHUNK_TIMEOUT_MS,
      ...options,
      ...kind.agent,
      baseURL: `http://127.0.0.1:${SIDECAR_PORT}/llm/${id}`,
      apiKey: PLACEHOLDER_KEY,
    },
  }
}

function firstModel(providers: readonly ProviderDefinition[]): string | undefined {
  for (const { id, visible } of providers) {
    const [model] = isObject(visible["models"]) ? Object.keys(visible["models"]) : []
    if (model !== undefined) return `${id}/${model}`
  }
  return undefined
}
