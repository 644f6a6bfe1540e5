import type { ProviderAccess } from "./stored.ts"

const ANSWER_CHARACTERS_SHOWN = 500

/** One GET to the outside, through the same guard as the gateway's requests. Rejects when nothing was answered. */
export type Probe = (url: URL, headers: Readonly<Record<string, string>>) => Promise<{ status: number; body: string }>

/** How a provider answered when it was tried. */
export interface ProviderTest {
  readonly ok: boolean
  /** HTTP status; null when the provider could not be reached. */
  readonly status: number | null
  /** For the administrator: the provider's words, or why it could not be reached. */
  readonly message: string
}

/** Asks for the list of models, which every supported kind has and which costs nothing. */
export async function testProvider({ definition, key }: ProviderAccess, probe: Probe): Promise<ProviderTest> {
  const { header, prefix } = definition.kind
  const secret = key?.reveal()
  // Anthropic refuses requests without a version; the others do not look at it.
  const headers = { "anthropic-version": "2023-06-01", accept: "application/json", ...definition.headers }
  try {
    const { status, body } = await probe(
      new URL(`${definition.upstream}/models`),
      secret === undefined ? headers : { ...headers, [header]: prefix + secret },
    )
    const ok = status >= 200 && status < 300
    const words = secret === undefined ? body : body.replaceAll(secret, "[REDACTED]")
    return {
      ok,
      status,
      message: ok ? "The provider answers." : words.slice(0, ANSWER_CHARACTERS_SHOWN) || `HTTP ${status}`,
    }
  } catch (error) {
    return {
      ok: false,
      status: null,
      message: error instanceof Error ? error.message : "The provider cannot be reached.",
    }
  }
}
