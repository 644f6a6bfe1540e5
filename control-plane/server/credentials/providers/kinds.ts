/**
 * The kinds of model provider that the gateway can serve, by the npm package that OpenCode talks to them with. A kind
 * says how the real key is put into a request; a package that is not listed is refused, because guessing where a key
 * goes is how keys leak.
 */
export interface ProviderKind {
  /** The header that carries the key. */
  readonly header: "authorization" | "x-api-key" | "x-goog-api-key"
  readonly prefix: "Bearer " | ""
  /** Where requests go when the configuration names no `options.baseURL`; null: it has to. */
  readonly baseUrl: string | null
}

const bearer = (baseUrl: string | null): ProviderKind => ({ header: "authorization", prefix: "Bearer ", baseUrl })

const KINDS: Readonly<Record<string, ProviderKind>> = {
  "@ai-sdk/openai-compatible": bearer(null),
  "@ai-sdk/openai": bearer("https://api.openai.com/v1"),
  "@ai-sdk/anthropic": { header: "x-api-key", prefix: "", baseUrl: "https://api.anthropic.com/v1" },
  "@ai-sdk/google": {
    header: "x-goog-api-key",
    prefix: "",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
  },
}

// Provider ids that OpenCode itself knows the package of, so that a configuration may leave `npm` out.
const PACKAGE_OF_ID: Readonly<Record<string, string>> = {
  openai: "@ai-sdk/openai",
  anthropic: "@ai-sdk/anthropic",
  google: "@ai-sdk/google",
}

export const KNOWN_PACKAGES: readonly string[] = Object.keys(KINDS)

/** The package that OpenCode will use for a provider: the configured one, else the one it knows, else its default. */
export function packageOf(id: string, npm: unknown): string {
  if (typeof npm === "string") return npm
  return (Object.hasOwn(PACKAGE_OF_ID, id) ? PACKAGE_OF_ID[id] : undefined) ?? "@ai-sdk/openai-compatible"
}

/** Undefined for a package whose way of carrying a key is not known here. */
export function kindOf(npmPackage: string): ProviderKind | undefined {
  return Object.hasOwn(KINDS, npmPackage) ? KINDS[npmPackage] : undefined
}
