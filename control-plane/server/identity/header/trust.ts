import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { createNetworks } from "../../addresses/index.ts"
import type { Config } from "../../config/index.ts"
import { readIdentityHeader } from "./read.ts"

const SECRET_CHARACTERS_MAX = 1_024

type Request = Pick<IncomingMessage, "rawHeaders"> & {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * Whether a request came through the proxy: from its addresses and with its secret, as far as each is configured.
 * The socket's own peer counts, never a forwarded address. A signed token is an anchor of its own, checked elsewhere.
 */
export function createTrust(config: Pick<Config, "file" | "headerAuthSharedSecret">): (request: Request) => boolean {
  const { trust } = config.file.headerAuth
  const inNetworks = trust.cidrs.length > 0 ? createNetworks(trust.cidrs) : null
  const secret = trust.sharedSecret.enabled ? config.headerAuthSharedSecret : undefined
  const expected = secret === undefined ? null : digest(secret.reveal())
  const tokenIsAnchor = trust.jwt.issuer !== ""
  if (inNetworks === null && expected === null && !tokenIsAnchor) throw new Error("header sign-in has no trust anchor")

  return (request) => {
    if (inNetworks !== null && !inNetworks(request.socket.remoteAddress ?? "")) return false
    if (expected === null) return true
    const given = readIdentityHeader(request, trust.sharedSecret.header, SECRET_CHARACTERS_MAX)
    return given !== null && timingSafeEqual(digest(given), expected)
  }
}

function digest(value: string): Buffer {
  return createHash("sha256").update(value).digest()
}
