import type { ProviderDefinition } from "./definition.ts"
import { isObject } from "./json.ts"
import { packageOf } from "./kinds.ts"

/** What a provider is asked for when an administrator tries it. */
export interface Probes {
  /** The list of models; null where there is none, or none that the documented permissions reach. */
  readonly list: URL | null
  /** A model call, which is sent without content: it is refused for that, or for its key. */
  readonly call: URL
}

interface Given {
  readonly upstream: string
  /** As one segment of a path. */
  readonly model: string
  readonly options: Readonly<Record<string, unknown>>
}

interface Kind {
  readonly list: (given: Given) => string | null
  readonly call: (given: Given) => string
}

const below =
  (path: string) =>
  ({ upstream }: Given) =>
    `${upstream}${path}`
const modelsAnd = (path: string): Kind => ({ list: below("/models"), call: below(path) })
const CHAT = modelsAnd("/chat/completions")
const AZURE_VERSION = "2024-10-21"

const OF_PACKAGE: Readonly<Record<string, Kind>> = {
  "@ai-sdk/openai": modelsAnd("/responses"),
  "@ai-sdk/xai": modelsAnd("/responses"),
  "@ai-sdk/anthropic": modelsAnd("/messages"),
  "@ai-sdk/google": {
    list: below("/models"),
    call: ({ upstream, model }) => `${upstream}/models/${model}:generateContent`,
  },
  // Its list of models needs another permission than model calls, and is at another host than a VPC endpoint.
  "@ai-sdk/amazon-bedrock": { list: () => null, call: ({ upstream, model }) => `${upstream}/model/${model}/converse` },
  "@ai-sdk/azure": {
    list: ({ upstream, options }) =>
      options["useDeploymentBasedUrls"] === true ? `${upstream}/models?${versionOf(options)}` : `${upstream}/models`,
    call: ({ upstream, model, options }) => {
      const path = options["useCompletionUrls"] === true ? "/chat/completions" : "/responses"
      return options["useDeploymentBasedUrls"] === true
        ? `${upstream}/deployments/${model}/chat/completions?${versionOf(options)}`
        : `${upstream}${path}`
    },
  },
  "@ai-sdk/google-vertex": {
    list: publisherModels,
    call: ({ upstream, model }) => `${upstream}/models/${model}:countTokens`,
  },
  "@ai-sdk/google-vertex/anthropic": {
    list: publisherModels,
    call: ({ upstream, model }) => `${upstream}/${model}:rawPredict`,
  },
  // Models are listed by the first version of its API only.
  "@ai-sdk/cohere": { list: ({ upstream }) => `${upstream.replace(/\/v2$/, "/v1")}/models`, call: below("/chat") },
}

/** The two requests that show whether a provider takes its key. */
export function probesOf({ id, visible, upstream }: ProviderDefinition): Probes {
  const kind = OF_PACKAGE[packageOf(id, visible["npm"])] ?? CHAT
  const options = isObject(visible["options"]) ? visible["options"] : {}
  const given = { upstream, model: encodeURIComponent(firstModel(visible["models"]) ?? "model"), options }
  const list = kind.list(given)
  return { list: list === null ? null : new URL(list), call: new URL(kind.call(given)) }
}

function firstModel(models: unknown): string | undefined {
  const [first] = isObject(models) ? Object.entries(models) : []
  if (first === undefined) return undefined
  const [name, model] = first
  return isObject(model) && typeof model["id"] === "string" ? model["id"] : name
}

function versionOf(options: Readonly<Record<string, unknown>>): string {
  const version = options["apiVersion"]
  return `api-version=${encodeURIComponent(typeof version === "string" ? version : AZURE_VERSION)}`
}

function publisherModels({ upstream }: Given): string {
  return `${new URL(upstream).origin}/v1beta1/publishers/google/models?pageSize=1`
}
