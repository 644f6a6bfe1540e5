import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto"
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOfOne,
  time,
  utf8String,
} from "./der.ts"

const DAY_ms = 86_400_000
/** Ten years: only this Job renews, and it runs when somebody upgrades. */
const LIFETIME_days = 3650
const RENEW_BEFORE_days = 365

// RFC 5480, RFC 5280 §4.2.
const ECDSA_WITH_SHA256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"))
const SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
const KEY_USAGE = "2.5.29.15"
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
const BASIC_CONSTRAINTS = "2.5.29.19"
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
const EXTENDED_KEY_USAGE = "2.5.29.37"
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
// Named bits from the left, and how many at the end of the byte are not used: digitalSignature is bit 0, keyCertSign bit 5.
const DIGITAL_SIGNATURE = bitString(Buffer.from([0x80]), 7)
const KEY_CERT_SIGN = bitString(Buffer.from([0x04]), 2)

export interface BrokerCertificate {
  readonly "tls.crt": string
  readonly "tls.key": string
  /** Trusted authorities, newest first. */
  readonly "ca.crt": string
}

/**
 * A certificate for the broker under an authority of its own, valid from an hour ago for ten years. The authority's key is
 * thrown away: nothing that leaks later can make another certificate.
 */
export function makeBrokerCertificate(dnsNames: readonly string[], now: Date): BrokerCertificate {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const issuer = { name: "Berth broker authority", key: authority.privateKey }
  const authorityKeyId = keyId(authority.publicKey)
  const ca = certificate({
    subject: issuer.name,
    publicKey: authority.publicKey,
    issuer,
    now,
    extensions: [
      extension(BASIC_CONSTRAINTS, sequence(boolean(true), integer(Buffer.from([0]))), "critical"),
      extension(KEY_USAGE, KEY_CERT_SIGN, "critical"),
      extension(SUBJECT_KEY_IDENTIFIER, octetString(authorityKeyId)),
    ],
  })
  const leaf = certificate({
    subject: "Berth broker",
    publicKey: server.publicKey,
    issuer,
    now,
    extensions: [
      extension(BASIC_CONSTRAINTS, sequence(), "critical"),
      extension(KEY_USAGE, DIGITAL_SIGNATURE, "critical"),
      extension(EXTENDED_KEY_USAGE, sequence(objectIdentifier(SERVER_AUTH))),
      extension(SUBJECT_ALTERNATIVE_NAME, sequence(...dnsNames.map((name) => implicit(2, Buffer.from(name, "ascii"))))),
      extension(SUBJECT_KEY_IDENTIFIER, octetString(keyId(server.publicKey))),
      extension(AUTHORITY_KEY_IDENTIFIER, sequence(implicit(0, authorityKeyId))),
    ],
  })
  return {
    "tls.crt": leaf,
    "tls.key": server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    "ca.crt": ca,
  }
}

/** Why this certificate must be made anew, or null when it is good for another year and all these names. */
export function reasonToRenew(pem: string, dnsNames: readonly string[], now: Date): string | null {
  let current: X509Certificate
  try {
    current = new X509Certificate(pem)
  } catch {
    return "it is not a certificate"
  }
  if (Date.parse(current.validTo) - now.getTime() < RENEW_BEFORE_days * DAY_ms) return "it ends within a year"
  const missing = dnsNames.filter(
    (name) => current.checkHost(name, { wildcards: false, subject: "never" }) === undefined,
  )
  return missing.length > 0 ? `it lacks the name ${missing.join(", ")}` : null
}

/** The new authority first, then the one before it while that is valid: running pods trust either as the change goes round. */
export function joinAuthorities(newest: string, previous: string, now: Date): string {
  const kept = (previous.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).filter(
    (text) => Date.parse(new X509Certificate(text).validTo) > now.getTime(),
  )
  return `${[newest.trim(), ...kept.slice(0, 1)].join("\n")}\n`
}

interface CertificateRequest {
  readonly subject: string
  readonly publicKey: KeyObject
  readonly issuer: { readonly name: string; readonly key: KeyObject }
  readonly now: Date
  readonly extensions: readonly Buffer[]
}

/** An X.509 version 3 certificate, PEM. */
function certificate({ subject, publicKey, issuer, now, extensions }: CertificateRequest): string {
  // 127 random bits with the highest one set: positive, never zero, never shorter than it looks.
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0)
  const toBeSigned = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_WITH_SHA256,
    commonName(issuer.name),
    sequence(time(new Date(now.getTime() - 3_600_000)), time(new Date(now.getTime() + LIFETIME_days * DAY_ms))),
    commonName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions)),
  )
  const signature = sign("sha256", toBeSigned, { key: issuer.key, dsaEncoding: "der" })
  const lines =
    sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature))
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`
}

function commonName(name: string): Buffer {
  return sequence(setOfOne(sequence(objectIdentifier("2.5.4.3"), utf8String(name))))
}

function extension(id: string, value: Buffer, critical?: "critical"): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value))
}

/** A short name for a key (RFC 5280 §4.2.1.2 leaves the method open): an identifier, not a protection. */
function keyId(publicKey: KeyObject): Buffer {
  return createHash("sha1")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest()
}
