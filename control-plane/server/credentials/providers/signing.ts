import { createHash, createHmac } from "node:crypto"
import type { AwsCredentials } from "./aws-credentials.ts"

/** One request as it is going to be sent. */
export interface SignableRequest {
  readonly method: string
  readonly url: URL
  readonly contentType: string | undefined
  readonly body: Buffer
}

export interface SigningScope {
  readonly credentials: AwsCredentials
  readonly region: string
  readonly service: string
  readonly now: Date
}

/**
 * Headers of an AWS Signature Version 4 (docs.aws.amazon.com, "Create a signed AWS API request"): `authorization`,
 * `x-amz-date` and the like. Signed are host, content type, body and what is added here; everything else may still be
 * changed on its way. The address has to be one that {@link signableUrl} has made.
 */
export async function signatureHeaders(
  { method, url, contentType, body }: SignableRequest,
  { credentials, region, service, now }: SigningScope,
): Promise<Record<string, string>> {
  const { SignatureV4 } = await import("@smithy/signature-v4")
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 })
  const signed = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: queryOf(url),
      headers: { host: url.host, ...(contentType === undefined ? {} : { "content-type": contentType }) },
      body,
    },
    { signingDate: now },
  )
  const { host: _, "content-type": __, ...added } = signed.headers
  return added
}

/** The same address with every character escaped the way that the signature's canonical form has it. */
export function signableUrl(url: URL): URL {
  const strict = new URL(url)
  strict.pathname = url.pathname.replace(/[!'()*]/g, escapeCharacter)
  const pairs = [...url.searchParams].filter(([name]) => !/^x-amz-/i.test(name))
  strict.search = pairs.map((pair) => pair.map(escapeWord).join("=")).join("&")
  return strict
}

function escapeWord(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeCharacter)
}

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function queryOf(url: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {}
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value]
  return query
}

/** What the signer wants of a hash; Node's own takes a fraction of the time of one in JavaScript. */
class Sha256 {
  readonly #hash: { update(data: Buffer): unknown; digest(): Buffer }

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret))
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error("one request, one hash")
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === "string") return Buffer.from(data)
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
}
