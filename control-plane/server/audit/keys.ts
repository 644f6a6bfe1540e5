import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from "node:crypto"
import type { EncryptionKey } from "../config/index.ts"

/** DER of an Ed25519 private key up to the 32 bytes of its seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex")

/** The signature keys of checkpoints: one for each key of the encryption ring, under the same id. */
export interface AuditKeys {
  readonly active: { readonly id: string; readonly key: KeyObject }
  /** For verifying; undefined when the ring has no such key. */
  publicKey(id: string): KeyObject | undefined
}

/** The signature keys that follow from an encryption ring. @throws Error when the ring is empty */
export function deriveAuditKeys(ring: readonly EncryptionKey[]): AuditKeys {
  const keys = new Map(ring.map(({ id, key }) => [id, derive(Buffer.from(key.reveal(), "base64"))]))
  const [first] = ring
  const key = first && keys.get(first.id)
  if (first === undefined || key === undefined) throw new Error("the encryption ring is empty")
  return {
    active: { id: first.id, key },
    publicKey(id) {
      const found = keys.get(id)
      return found && createPublicKey(found)
    },
  }
}

function derive(key: Buffer): KeyObject {
  const seed = Buffer.from(hkdfSync("sha256", key, "", "berth audit checkpoint v1", 32))
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" })
}
