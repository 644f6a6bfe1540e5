import type { OutgoingHttpHeaders } from "node:http"
import type { Secret } from "../../crypto/index.ts"
import { readCredentials } from "./aws-credentials.ts"
import { type Injector, withCredential } from "./injection.ts"
import type { ProviderAccess } from "./stored.ts"

const ANSWER_CHARACTERS_SHOWN = 500

/** One GET to the outside, through the same guard as the gateway's requests. Rejects when nothing was answered. */
export type Probe = (url: URL, headers: OutgoingHttpHeaders) => Promise<{ status: number; body: string }>

/** How a provider answered when it was tried. */
export interface ProviderTest {
  readonly ok: boolean
  /** HTTP status; null when the provider could not be reached. */
  readonly status: number | null
  /** For the administrator: the provider's words, or why it could not be reached. */
  readonly message: string
}

/** Asks for what a kind gives for nothing (the list of models, mostly) with the credential that requests get. */
export async function testProvider(access: ProviderAccess, probe: Probe, injector: Injector): Promise<ProviderTest> {
  const { definition, key } = access
  try {
    // Anthropic refuses requests without a version; the others do not look at it.
    const headers = { "anthropic-version": "2023-06-01", accept: "application/json" }
    const asked = { method: "GET", url: new URL(definition.kind.probe(definition.upstream)), headers }
    const { url, headers: complete } = await withCredential(access, asked, injector)
    const { status, body } = await probe(url, complete)
    const ok = status >= 200 && status < 300
    const words = secretsOf(key).reduce((text, secret) => text.replaceAll(secret, "[REDACTED]"), body)
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

function secretsOf(key: Secret | null): string[] {
  if (key === null) return []
  const { secretAccessKey, sessionToken } = readCredentials(key.reveal()) ?? {}
  return [key.reveal(), secretAccessKey, sessionToken].filter((text) => text !== undefined)
}
