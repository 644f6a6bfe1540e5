import type { OutgoingHttpHeaders } from "node:http"
import { readCredentials } from "./aws-credentials.ts"
import { type BareRequest, type Injector, withCredential } from "./injection.ts"
import { probesOf } from "./probes.ts"
import type { ProviderAccess } from "./stored.ts"

const ANSWER_CHARACTERS_SHOWN = 500
// Shorter values of headers are no secrets, and words would be full of holes.
const SECRET_CHARACTERS_MIN = 4
// AWS has checked the credential before it says so: a role may be limited to other models than the one that was asked.
const AWS_KNOWS_CALLER = /not authorized to perform|access to the model/i

export interface ProbeRequest {
  readonly method: "GET" | "POST"
  readonly url: URL
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

export interface ProbeAnswer {
  readonly status: number
  readonly body: string
}

/** One request to the outside, through the same guard as the gateway's requests. Rejects when nothing was answered. */
export type Probe = (request: ProbeRequest) => Promise<ProbeAnswer>

/** How a provider answered when it was tried. */
export interface ProviderTest {
  readonly ok: boolean
  /** `unknown`: the provider answers, and does not say whether the key works. */
  readonly verdict: "works" | "fails" | "unknown"
  /** HTTP status; null when the provider could not be reached. */
  readonly status: number | null
  /** For the administrator: the provider's words, or why it could not be reached. */
  readonly message: string
}

/**
 * Asks for the list of models with the credential that requests get, which costs nothing. Many a provider has no such
 * list, or keys that may not read it: then a model request without content says whether the key is refused.
 */
export async function testProvider(access: ProviderAccess, probe: Probe, injector: Injector): Promise<ProviderTest> {
  const { list, call } = probesOf(access.definition)
  const ask = async (method: "GET" | "POST", url: URL) => {
    const body = Buffer.from(method === "GET" ? "" : "{}")
    // Anthropic refuses requests without a version; the others do not look at it.
    const headers = { "anthropic-version": "2023-06-01", accept: "application/json", ...typeOf(method) }
    const bare: BareRequest = { method, url, headers, body }
    const complete = await withCredential(access, bare, injector)
    const { status, body: words } = await probe({ method, body, ...complete })
    return { status, body: withoutSecrets(words, access).slice(0, ANSWER_CHARACTERS_SHOWN) }
  }
  try {
    const listed = list === null ? null : await ask("GET", list)
    const certain = listed === null ? null : ofAny(listed)
    if (certain !== null) return certain
    const called = await ask("POST", call)
    return ofAny(called) ?? ofCall(access, listed, called)
  } catch (error) {
    const message = error instanceof Error ? error.message : "The provider cannot be reached."
    return { ok: false, verdict: "fails", status: null, message }
  }
}

/** What an answer says whatever was asked; null when the key may still be good. */
function ofAny({ status, body }: ProbeAnswer): ProviderTest | null {
  if (status >= 200 && status < 300) return { ok: true, verdict: "works", status, message: "The provider answers." }
  if (status >= 300 && status < 400) {
    return failure(status, "The provider redirects. Set the address that it redirects to.")
  }
  if (status === 401 || status >= 500) return failure(status, body || `HTTP ${status}`)
  return status === 429 ? unknown(status, "The provider gets too many requests now. Try again later.", body) : null
}

function ofCall(
  { definition }: ProviderAccess,
  listed: ProbeAnswer | null,
  { status, body }: ProbeAnswer,
): ProviderTest {
  const isSigned = definition.injection === "sigv4"
  if (isSigned && status === 400) return { ok: true, verdict: "works", status, message: "The provider answers." }
  if (status === 403) {
    return isSigned && AWS_KNOWS_CALLER.test(body)
      ? unknown(status, "AWS accepts the credential and refuses the model that was asked for.", body)
      : failure(status, body || `HTTP ${status}`)
  }
  if (status === 404 || status === 405) {
    const words =
      "Nothing answers model requests at this address, or the model is not known. Check the address: it often ends in /v1."
    return unknown(status, words, body)
  }
  const missing = listed === null ? "" : `The provider gives no list of models (HTTP ${listed.status}). `
  const words = `${missing}It read a model request and did not refuse the key. Whether the key works shows in a session.`
  return unknown(status, words, body)
}

function failure(status: number, message: string): ProviderTest {
  return { ok: false, verdict: "fails", status, message }
}

function unknown(status: number, words: string, body: string): ProviderTest {
  return { ok: false, verdict: "unknown", status, message: body === "" ? words : `${words} Its words: ${body}` }
}

function typeOf(method: string): OutgoingHttpHeaders {
  return method === "POST" ? { "content-type": "application/json" } : {}
}

function withoutSecrets(text: string, access: ProviderAccess): string {
  return secretsOf(access)
    .filter((secret) => secret.length >= SECRET_CHARACTERS_MIN)
    .flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
    .reduce((words, secret) => words.replaceAll(secret, "[REDACTED]"), text)
}

function secretsOf({ definition, key }: ProviderAccess): string[] {
  const { headers, query } = definition
  const own = [...Object.values(headers), ...Object.values(query)]
  if (key === null) return own
  const whole = key.reveal()
  const { secretAccessKey, sessionToken } = readCredentials(whole) ?? {}
  const parts = [whole, whole.replace(/^bearer\s+/i, ""), secretAccessKey, sessionToken, ...own]
  return parts.filter((text) => text !== undefined)
}
