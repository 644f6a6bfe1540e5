import { createHash, createHmac } from "node:crypto"

/** A request as a server received it. */
export interface ReceivedRequest {
  readonly method: string
  /** Path and query as they were on the wire. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/**
 * Checks a Signature Version 4 the way that AWS describes it, from what is on the wire and nothing else. Answers what
 * the signature is for, or why it does not hold.
 */
export function verifySignature(
  { method, url, headers, body }: ReceivedRequest,
  secretOf: (accessKeyId: string) => string | undefined,
): { ok: true; accessKeyId: string; region: string; service: string; signed: string[] } | { ok: false; why: string } {
  const [, accessKeyId = "", date = "", region = "", service = "", names = "", signature = ""] =
    AUTHORIZATION.exec(String(headers["authorization"])) ?? []
  const secret = secretOf(accessKeyId)
  if (secret === undefined) return { ok: false, why: "no signature by a known key" }
  const signed = names.split(";")
  if (!signed.includes("host")) return { ok: false, why: "the host is not signed" }
  const unsigned = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signed.includes(name))
  if (unsigned.length > 0) return { ok: false, why: `${unsigned} not signed` }
  const hash = createHash("sha256").update(body).digest("hex")
  const claimed = headers["x-amz-content-sha256"]
  if (claimed !== undefined && claimed !== hash) return { ok: false, why: "the body is another one" }
  const [path = "", query = ""] = url.split("?")
  const canonical = [
    method,
    path.split("/").map(escape).join("/"),
    query.split("&").filter(Boolean).map(canonicalPair).sort().join("&"),
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    names,
    hash,
  ].join("\n")
  const time = String(headers["x-amz-date"])
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(canonical).digest("hex")].join("\n")
  const key = [date, region, service, "aws4_request"].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`))
  if (hmac(key, text).toString("hex") !== signature) return { ok: false, why: `signature is not of\n${canonical}` }
  return { ok: true, accessKeyId, region, service, signed }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

/** Everything but A-Z, a-z, 0-9, "-", ".", "_" and "~". */
function escape(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`
    })
    .join("")
}

function canonicalPair(pair: string): string {
  const [name = "", value = ""] = pair.split("=")
  return `${escape(decodeURIComponent(name))}=${escape(decodeURIComponent(value))}`
}
