import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto"
import type { EncryptionKey } from "../../config/types.ts"
import { Secret } from "../../crypto/index.ts"
import { AppError } from "../../errors/index.ts"
import {
  decodeEnvelope,
  type Envelope,
  encodeHeader,
  KEY_ID_BYTES_MAX,
  NONCE_BYTES,
  SALT_BYTES,
  TAG_BYTES,
} from "./envelope.ts"

const CIPHER = "aes-256-gcm"
const KEY_BYTES = 32
const FINGERPRINT_BYTES = 32
const DERIVATION = "berth vault v1"
const FINGERPRINT_DERIVATION = "berth fingerprint v1"

/** Where a sealed value belongs. It is authenticated with the value, so moved to another place it does not open. */
export interface SealContext {
  readonly table: string
  readonly column: string
  /** The row's primary key. */
  readonly row: string
  /** The user to whom the value belongs, where there is one. */
  readonly owner?: string
}

export interface Vault {
  /** Encrypts under the ring's first key. */
  seal(plaintext: string | Buffer, context: SealContext): Buffer
  /** @throws AppError `internal` when the value was changed, moved, cut off, or its key is not in the ring. */
  open(sealed: Buffer, context: SealContext): Secret
  /** Tells a text again without keeping it (32 bytes): without the ring, no text can be tried against it. */
  fingerprint(text: string): Buffer
  /** Whether it is the text's, under any key of the ring: it stays so while keys change, until its key is taken out. */
  isFingerprint(fingerprint: Buffer, text: string): boolean
  /** The id of the key that a value is sealed under; null when it is not a sealed value. */
  keyIdOf(sealed: Buffer): string | null
  /** The key that seals, and all keys that open. */
  readonly activeKeyId: string
  readonly keyIds: readonly string[]
}

/**
 * Encryption at rest. The first key of the ring seals, every key opens.
 * @throws AppError `internal` when a key is not 32 bytes of base64, an id occurs twice or is too long, or there is none.
 */
export function createVault(options: { keys: readonly EncryptionKey[] }): Vault {
  const ring = readRing(options.keys)
  const [active] = ring
  if (active === undefined) throw new AppError("internal", "The encryption ring holds no key.")
  const byId = new Map(ring)
  const [activeKeyId, activeKey] = active
  return {
    activeKeyId,
    keyIds: [...byId.keys()],
    keyIdOf: (sealed) => decodeEnvelope(sealed)?.keyId ?? null,
    seal: (plaintext, context) => seal(activeKeyId, activeKey, plaintext, context),
    open(sealed, context) {
      const envelope = decodeEnvelope(sealed)
      if (envelope === null) throw cannotOpen(context, "it is not a sealed value")
      const key = byId.get(envelope.keyId)
      if (key === undefined) throw cannotOpen(context, `its key "${envelope.keyId}" is not in the ring`)
      return unseal(key, envelope, context)
    },
    fingerprint: (text) => fingerprint(activeKey, text),
    isFingerprint: (given, text) =>
      given.length === FINGERPRINT_BYTES && ring.some(([, key]) => timingSafeEqual(given, fingerprint(key, text))),
  }
}

function readRing(keys: readonly EncryptionKey[]): [string, Buffer][] {
  const seen = new Set<string>()
  return keys.map(({ id, key }) => {
    const bytes = Buffer.from(key.reveal(), "base64")
    if (bytes.length !== KEY_BYTES) {
      throw new AppError("internal", `Encryption key "${id}" is not ${KEY_BYTES} bytes in base64.`)
    }
    if (seen.has(id)) throw new AppError("internal", `The encryption ring holds two keys with the id "${id}".`)
    if (id === "" || Buffer.byteLength(id) > KEY_ID_BYTES_MAX) {
      throw new AppError("internal", `The id of an encryption key has 1 to ${KEY_ID_BYTES_MAX} bytes.`)
    }
    seen.add(id)
    return [id, bytes]
  })
}

function seal(keyId: string, key: Buffer, plaintext: string | Buffer, context: SealContext): Buffer {
  const header = { keyId, salt: randomBytes(SALT_BYTES), nonce: randomBytes(NONCE_BYTES) }
  const encoded = encodeHeader(header)
  const cipher = createCipheriv(CIPHER, derive(key, header.salt), header.nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(additionalData(encoded, context))
  const text = typeof plaintext === "string" ? Buffer.from(plaintext, "utf8") : plaintext
  return Buffer.concat([encoded, cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function unseal(key: Buffer, envelope: Envelope, context: SealContext): Secret {
  const { salt, nonce, ciphertext, tag } = envelope
  const decipher = createDecipheriv(CIPHER, derive(key, salt), nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(additionalData(encodeHeader(envelope), context))
  decipher.setAuthTag(tag)
  try {
    return new Secret(Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString("utf8"))
  } catch (cause) {
    throw cannotOpen(context, "it was changed, or belongs to another row", cause)
  }
}

function derive(key: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, DERIVATION, KEY_BYTES))
}

function fingerprint(key: Buffer, text: string): Buffer {
  const own = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), FINGERPRINT_DERIVATION, KEY_BYTES))
  return createHmac("sha256", own).update(text).digest()
}

/** Every part with its length in front, so that no two contexts give the same bytes. */
function additionalData(header: Buffer, context: SealContext): Buffer {
  const parts = [
    header,
    ...[context.table, context.column, context.row, context.owner ?? ""].map((text) => Buffer.from(text)),
  ]
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, part]
    }),
  )
}

function cannotOpen(context: SealContext, why: string, cause?: unknown): AppError {
  return new AppError("internal", "A stored secret cannot be read. Ask the operator to look at the log.", {
    detail: `${context.table}.${context.column} of row ${context.row}: ${why}`,
    ...(cause === undefined ? {} : { cause }),
  })
}
