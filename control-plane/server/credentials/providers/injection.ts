import type { OutgoingHttpHeaders } from "node:http"
import { AppError } from "../../errors/index.ts"
import { type AwsIdentity, isSigning, readCredentials } from "./aws-credentials.ts"
import { signableUrl, signatureHeaders } from "./signing.ts"
import type { ProviderAccess } from "./stored.ts"

/** A request to a provider before its credential is in it. */
export interface BareRequest {
  readonly method: string
  readonly url: URL
  readonly headers: OutgoingHttpHeaders
  /** Needed for a request that is signed; see {@link isSigned}. */
  readonly body?: Buffer
}

export interface Injector {
  readonly identity: AwsIdentity
  readonly now: () => number
}

// Of tokens, only those of an identity provider look like this: a helper has printed one for Azure.
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/
// A key that is written this way says itself how it wants to be sent.
const BEARER = /^bearer\s+/i

/** True when the signature covers the body, which therefore has to be at hand as a whole. */
export function isSigned({ definition, key }: ProviderAccess): boolean {
  return definition.injection === "sigv4" && (key === null || isSigning(key.reveal()))
}

/** True when the request goes out with a credential, ours or the provider's own. */
export function isAuthenticated(access: ProviderAccess): boolean {
  return access.key !== null || isSigned(access)
}

/**
 * The request with the provider's credential, put in the way its kind wants it.
 * @throws AppError `unavailable` when there is none to sign with.
 */
export async function withCredential(
  access: ProviderAccess,
  request: BareRequest,
  injector: Injector,
): Promise<{ url: URL; headers: OutgoingHttpHeaders }> {
  const { injection, query } = access.definition
  const url = new URL(request.url)
  for (const [name, text] of Object.entries(query)) url.searchParams.set(name, text)
  const headers = { ...request.headers, ...access.definition.headers }
  if (isSigned(access)) return await signed(access, { ...request, url, headers }, injector)
  if (access.key === null) return { url, headers }
  const text = access.key.reveal()
  const key = text.replace(BEARER, "")
  const isBearer =
    injection === "bearer" || injection === "sigv4" || key !== text || (injection === "api-key" && JWT.test(key))
  return { url, headers: { ...headers, ...(isBearer ? { authorization: `Bearer ${key}` } : { [injection]: key }) } }
}

async function signed({ definition, key }: ProviderAccess, request: BareRequest, { identity, now }: Injector) {
  const url = signableUrl(request.url)
  const { method, headers, body = Buffer.alloc(0) } = request
  const type = headers["content-type"]
  const added = await signatureHeaders(
    { method, url, contentType: typeof type === "string" ? type : undefined, body },
    {
      credentials: key === null ? await identity() : credentialsOf(definition.id, key.reveal()),
      region: definition.region ?? "",
      service: "bedrock",
      now: new Date(now()),
    },
  )
  return { url, headers: { ...headers, "content-length": body.length, ...added } }
}

function credentialsOf(provider: string, key: string) {
  const credentials = readCredentials(key)
  if (credentials !== null) return credentials
  throw new AppError("unavailable", `The key of the model provider "${provider}" is no AWS credential in JSON.`)
}
