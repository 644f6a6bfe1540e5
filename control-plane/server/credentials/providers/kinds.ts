/** How a credential is put into a request; a package that is not listed below is refused, because guessing leaks keys. */
export type Injection = "bearer" | "x-api-key" | "x-goog-api-key" | "api-key" | "sigv4"

type Options = Readonly<Record<string, unknown>>

/** JSON schema of one option. */
type OptionSchema = Readonly<Record<string, unknown>>

/** A kind of model provider that the gateway can serve, by the npm package that OpenCode talks to it with. */
export interface ProviderKind {
  readonly injection: Injection
  /** Where requests go, by `options`; undefined: they do not say. */
  readonly address: (options: Options) => unknown
  /** What to set when they do not. */
  readonly addressNeeds: string
  /** Options that say where requests go: they stay outside of the pod. */
  readonly hidden: readonly string[]
  /** Options that are stored sealed and put into requests by the gateway: texts, and maps of texts. */
  readonly sealed: readonly string[]
  /** Options that the agent gets; what is in none of these lists is refused. */
  readonly shown: Readonly<Record<string, OptionSchema>>
  /** Options of the SDK that would hold a credential and are refused: there is one place for it. */
  readonly secret: readonly string[]
  /** Options that only the agent gets, so that its SDK asks nobody for a credential. */
  readonly agent: Options
}

const ADDRESS_NEEDS = "options.baseURL: an http or https address is needed"

const text = { type: "string" }
const flag = { type: "boolean" }
const milliseconds = {
  anyOf: [
    { type: "integer", exclusiveMinimum: 0 },
    { type: "boolean", enum: [false] },
  ],
}

/** What OpenCode itself takes out of `options`, whatever the package. */
const OF_OPENCODE = {
  timeout: milliseconds,
  headerTimeout: milliseconds,
  chunkTimeout: milliseconds,
  setCacheKey: flag,
}
const SEALED = ["apiKey", "headers"]

function plain(injection: Injection, address: string | null = null, shown: ProviderKind["shown"] = {}): ProviderKind {
  return {
    injection,
    address: ({ baseURL }) => baseURL ?? address ?? undefined,
    addressNeeds: ADDRESS_NEEDS,
    hidden: ["baseURL"],
    sealed: SEALED,
    shown: { ...OF_OPENCODE, ...shown },
    secret: [],
    agent: {},
  }
}

/** An address made of `options`, each of which becomes a label of a host name or a segment of a path. */
function composed(options: Options, names: readonly string[], compose: (...values: string[]) => string): unknown {
  if (options["baseURL"] !== undefined) return options["baseURL"]
  const values = names.map((name) => options[name])
  return values.every(isLabel) ? compose(...values) : undefined
}

function isLabel(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(value)
}

const bedrock: ProviderKind = {
  ...plain("sigv4", null, { region: text }),
  address: (options) =>
    options["endpoint"] ??
    composed(options, ["region"], (region) => {
      const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
      return `https://bedrock-runtime.${region}.${suffix}`
    }),
  addressNeeds: "options.region: an AWS region is needed, for example eu-central-1",
  hidden: ["baseURL", "endpoint"],
  secret: ["accessKeyId", "secretAccessKey", "sessionToken", "bearerToken", "profile", "credentialProvider"],
}

const AZURE_HOST = /\.(openai|services\.ai|cognitiveservices)\.azure\.(com|us|cn)$/

const azure: ProviderKind = {
  ...plain("api-key", null, { apiVersion: text, useDeploymentBasedUrls: flag, useCompletionUrls: flag }),
  address: (options) => {
    const base = composed(options, ["resourceName"], (name) => `https://${name}.openai.azure.com/openai`)
    if (typeof base !== "string" || !URL.canParse(base) || options["useDeploymentBasedUrls"] === true) return base
    // The SDK appends this to Azure's own hosts; the address that the agent sees is none of them.
    const { hostname, pathname } = new URL(base)
    const isWhole = !AZURE_HOST.test(hostname) || !/\/openai\/*$/.test(pathname)
    return isWhole ? base : `${base.replace(/\/+$/, "")}/v1`
  },
  addressNeeds: "options.resourceName or options.baseURL: the Azure resource is needed",
  hidden: ["baseURL", "resourceName"],
  secret: ["tokenProvider"],
}

function vertexHost(location: string): string {
  if (location === "global") return "aiplatform.googleapis.com"
  return location === "eu" || location === "us"
    ? `aiplatform.${location}.rep.googleapis.com`
    : `${location}-aiplatform.googleapis.com`
}

function vertex(version: string, publisher: string, agent: Options): ProviderKind {
  return {
    ...plain("bearer"),
    address: (options) =>
      composed({ location: "us-central1", ...options }, ["project", "location"], (project, location) => {
        const place = `projects/${project}/locations/${location}`
        return `https://${vertexHost(location)}/${version}/${place}/publishers/${publisher}`
      }),
    addressNeeds: "options.project (and options.location): the Google Cloud project is needed",
    // With a project the agent's SDK would look for credentials of Google's itself.
    hidden: ["baseURL", "project", "location"],
    secret: ["googleAuthOptions", "googleCredentials", "generateAuthToken"],
    agent,
  }
}

// Google's library takes an access token that it is given, as long as that has not expired, and asks nobody for one.
const PLACEHOLDER_GOOGLE_LOGIN = {
  credentials: { type: "authorized_user", client_id: "none", client_secret: "none", refresh_token: "none" },
  clientOptions: { credentials: { access_token: "kept-outside-of-this-pod", expiry_date: 4_102_444_800_000 } },
}

const compatible: ProviderKind = {
  ...plain("bearer", null, { name: text, includeUsage: flag, supportsStructuredOutputs: flag }),
  sealed: [...SEALED, "queryParams"],
}

const anthropic: ProviderKind = {
  ...plain("x-api-key", "https://api.anthropic.com/v1", { name: text }),
  // Its SDK sends this one as a bearer token, which gateways for Anthropic's API want.
  sealed: [...SEALED, "authToken"],
}

const openrouter: ProviderKind = {
  ...plain("bearer", "https://openrouter.ai/api/v1", {
    compatibility: { enum: ["strict", "compatible"] },
    extraBody: { type: "object" },
    appName: text,
    appUrl: text,
  }),
  secret: ["api_keys"],
}

const KINDS: Readonly<Record<string, ProviderKind>> = {
  "@ai-sdk/openai-compatible": compatible,
  "@ai-sdk/openai": plain("bearer", "https://api.openai.com/v1", { organization: text, project: text, name: text }),
  "@ai-sdk/anthropic": anthropic,
  "@ai-sdk/google": plain("x-goog-api-key", "https://generativelanguage.googleapis.com/v1beta", { name: text }),
  "@ai-sdk/amazon-bedrock": bedrock,
  "@ai-sdk/azure": azure,
  "@ai-sdk/google-vertex": vertex("v1beta1", "google", {}),
  "@ai-sdk/google-vertex/anthropic": vertex("v1", "anthropic/models", { googleAuthOptions: PLACEHOLDER_GOOGLE_LOGIN }),
  "@ai-sdk/cerebras": plain("bearer", "https://api.cerebras.ai/v1"),
  "@ai-sdk/cohere": plain("bearer", "https://api.cohere.com/v2"),
  "@ai-sdk/groq": plain("bearer", "https://api.groq.com/openai/v1"),
  "@ai-sdk/mistral": plain("bearer", "https://api.mistral.ai/v1"),
  "@ai-sdk/perplexity": plain("bearer", "https://api.perplexity.ai"),
  "@ai-sdk/togetherai": plain("bearer", "https://api.together.xyz/v1"),
  "@ai-sdk/xai": plain("bearer", "https://api.x.ai/v1"),
  "@openrouter/ai-sdk-provider": openrouter,
}

// Provider ids that OpenCode itself knows the package of, so that a configuration may leave `npm` out.
const PACKAGE_OF_ID: Readonly<Record<string, string>> = {
  openai: "@ai-sdk/openai",
  anthropic: "@ai-sdk/anthropic",
  google: "@ai-sdk/google",
  "amazon-bedrock": "@ai-sdk/amazon-bedrock",
  azure: "@ai-sdk/azure",
  "google-vertex": "@ai-sdk/google-vertex",
  "google-vertex-anthropic": "@ai-sdk/google-vertex/anthropic",
  cerebras: "@ai-sdk/cerebras",
  cohere: "@ai-sdk/cohere",
  groq: "@ai-sdk/groq",
  mistral: "@ai-sdk/mistral",
  openrouter: "@openrouter/ai-sdk-provider",
  perplexity: "@ai-sdk/perplexity",
  togetherai: "@ai-sdk/togetherai",
  xai: "@ai-sdk/xai",
}

export const KNOWN_PACKAGES: readonly string[] = Object.keys(KINDS)

/** True for an id whose models OpenCode knows itself, with their limits. */
export function isCatalogued(id: string): boolean {
  return Object.hasOwn(PACKAGE_OF_ID, id)
}

/** The package that OpenCode will use for a provider: the configured one, else the one it knows, else its default. */
export function packageOf(id: string, npm: unknown): string {
  if (typeof npm === "string") return npm
  return (Object.hasOwn(PACKAGE_OF_ID, id) ? PACKAGE_OF_ID[id] : undefined) ?? "@ai-sdk/openai-compatible"
}

/** Undefined for a package whose way of carrying a key is not known here. */
export function kindOf(npmPackage: string): ProviderKind | undefined {
  return Object.hasOwn(KINDS, npmPackage) ? KINDS[npmPackage] : undefined
}
