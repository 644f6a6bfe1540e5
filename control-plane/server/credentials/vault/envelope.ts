/**
 * How a sealed value looks in its column:
 *
 *     version 1 | length of key id 1 | key id | salt 16 | nonce 12 | ciphertext | tag 16      (lengths in bytes)
 *
 * The AES-256-GCM key is derived per value (HKDF-SHA-256 of the ring's key and the salt), which takes away the limit of
 * 2^32 random nonces under one key (NIST SP 800-38D, 8.3).
 */
export interface Envelope {
  readonly keyId: string
  readonly salt: Buffer
  readonly nonce: Buffer
  readonly ciphertext: Buffer
  readonly tag: Buffer
}

const VERSION = 1
const PREFIX_BYTES = 2
export const SALT_BYTES = 16
export const NONCE_BYTES = 12
export const TAG_BYTES = 16
export const KEY_ID_BYTES_MAX = 64

/** The parts in front of the ciphertext; they are authenticated together with the context. */
export function encodeHeader(envelope: Pick<Envelope, "keyId" | "salt" | "nonce">): Buffer {
  const keyId = Buffer.from(envelope.keyId, "utf8")
  return Buffer.concat([Buffer.from([VERSION, keyId.length]), keyId, envelope.salt, envelope.nonce])
}

/** Splits a sealed value. Null when it is none of ours: another version, cut off, or not sealed at all. */
export function decodeEnvelope(sealed: Buffer): Envelope | null {
  const keyIdBytes = sealed[1]
  if (sealed[0] !== VERSION || keyIdBytes === undefined || keyIdBytes === 0 || keyIdBytes > KEY_ID_BYTES_MAX)
    return null
  const salt = PREFIX_BYTES + keyIdBytes
  const nonce = salt + SALT_BYTES
  const ciphertext = nonce + NONCE_BYTES
  const tag = sealed.length - TAG_BYTES
  if (tag < ciphertext) return null
  return {
    keyId: sealed.toString("utf8", PREFIX_BYTES, salt),
    salt: sealed.subarray(salt, nonce),
    nonce: sealed.subarray(nonce, ciphertext),
    ciphertext: sealed.subarray(ciphertext, tag),
    tag: sealed.subarray(tag),
  }
}
