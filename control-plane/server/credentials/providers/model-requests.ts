import type { ProviderDefinition } from "./definition.ts"
import { packageOf } from "./kinds.ts"

/** What agents may ask of model providers with the installation's keys. */
export interface ModelRequests {
  /** `path` begins with a slash, as the caller has escaped it. */
  allows(provider: ProviderDefinition, request: { method: string; path: string; search: URLSearchParams }): boolean
}

/** One request that an agent may send with a provider's key: method, path below the provider's address, and query. */
interface ModelRequest {
  readonly method: string
  readonly path: RegExp
  /** Names of query parameters; null: any. */
  readonly query: ReadonlySet<string> | null
}

const MODELS = ["GET /models?limit&after_id&before_id&pageSize&pageToken", "GET /models/{model}"]
const CHAT = ["POST /chat/completions", ...MODELS]
const COMPLETIONS = [...CHAT, "POST /completions", "POST /embeddings"]
const OPENAI = [...COMPLETIONS, "POST /responses"]
const CONTENT = [
  ...MODELS,
  "POST /models/{model}:generateContent?alt",
  "POST /models/{model}:streamGenerateContent?alt",
  "POST /models/{model}:countTokens",
  "POST /models/{model}:embedContent",
  "POST /models/{model}:batchEmbedContents",
]
const DEPLOYMENT = "/deployments/{model}"

/**
 * What a model call needs, by kind, as its SDK asks for it. Everything else that a provider serves under the same key
 * (files, batches, stored answers, fine-tuning, the organization) belongs to others or changes something.
 */
const OF_PACKAGE: Readonly<Record<string, readonly string[]>> = {
  "@ai-sdk/openai-compatible": COMPLETIONS,
  "@ai-sdk/openai": OPENAI,
  "@ai-sdk/anthropic": ["POST /messages?beta", "POST /messages/count_tokens?beta", ...MODELS],
  "@ai-sdk/google": [
    ...CONTENT,
    "POST /tunedModels/{model}:generateContent?alt",
    "POST /tunedModels/{model}:streamGenerateContent?alt",
  ],
  "@ai-sdk/amazon-bedrock": [
    "invoke",
    "invoke-with-response-stream",
    "converse",
    "converse-stream",
    "count-tokens",
  ].map((verb) => `POST /model/{arn}/${verb}`),
  "@ai-sdk/azure": [
    ...OPENAI.map((request) => `${request}${request.includes("?") ? "&" : "?"}api-version`),
    ...["chat/completions", "completions", "embeddings", "responses"].map(
      (call) => `POST ${DEPLOYMENT}/${call}?api-version`,
    ),
  ],
  // `:predict` also makes images, into a bucket that the request names; of it only the embeddings pass.
  "@ai-sdk/google-vertex": [...CONTENT, "POST /models/{embedding}:predict"],
  "@ai-sdk/google-vertex/anthropic": ["POST /{model}:rawPredict", "POST /{model}:streamRawPredict"],
  "@ai-sdk/cerebras": COMPLETIONS,
  "@ai-sdk/cohere": ["POST /chat", "POST /embed", "POST /rerank", ...MODELS],
  "@ai-sdk/groq": CHAT,
  "@ai-sdk/mistral": [...CHAT, "POST /embeddings"],
  "@ai-sdk/perplexity": CHAT,
  "@ai-sdk/togetherai": [...COMPLETIONS, "POST /rerank"],
  "@ai-sdk/xai": [...CHAT, "POST /responses"],
  "@openrouter/ai-sdk-provider": COMPLETIONS,
}

// Of what is escaped, only what names of models have: never a slash, a question mark or a percent sign.
const NAME = String.raw`(?:[\w.~@:+,=!$'()*-]|%(?:3[Aa]|40|20|2[Bb]))+`
/** Segments by name; every other name stands for any model's. Bedrock's ARNs have slashes. */
const SEGMENTS: Readonly<Record<string, string>> = {
  arn: NAME.replace("|20|", "|20|2[Ff]|"),
  embedding: String.raw`[\w.@-]*embedding[\w.@-]*`,
}

const KINDS = new Map(Object.entries(OF_PACKAGE).map(([npm, entries]) => [npm, entries.map(readRequest)]))

/**
 * The lists of all kinds, and what an operator adds to them.
 * @param widened what an operator allows besides, by provider: a method, a path with `{names}` for one segment each, and
 * names of query parameters (`GET /files/{id}?purpose`); without names, any query passes.
 */
export function createModelRequests(widened: Readonly<Record<string, readonly string[]>>): ModelRequests {
  const own = new Map(Object.entries(widened).map(([id, entries]) => [id, entries.map(readWidened)]))
  return {
    allows({ id, visible }, { method, path, search }) {
      const known = [...(KINDS.get(packageOf(id, visible["npm"])) ?? []), ...(own.get(id) ?? [])]
      return known.some(
        (one) =>
          one.method === method &&
          one.path.test(path) &&
          (one.query === null || [...search.keys()].every((name) => one.query?.has(name))),
      )
    },
  }
}

function readWidened(entry: string): ModelRequest {
  return { ...readRequest(entry), ...(entry.includes("?") ? {} : { query: null }) }
}

function readRequest(entry: string): ModelRequest {
  const [method = "", address = ""] = entry.split(" ")
  const [path = "", names] = address.split("?")
  const pieces = path.split(/(\{\w+\})/).map((piece) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1]
    return name === undefined ? piece.replace(/[^\w/-]/g, String.raw`\$&`) : (SEGMENTS[name] ?? NAME)
  })
  return { method, path: new RegExp(`^${pieces.join("")}$`), query: new Set(names?.split("&")) }
}
