import { randomBytes } from "node:crypto"

// Lower-case base 32 without vowels that could spell words and without look-alikes; valid in a DNS label.
const ALPHABET = "0123456789bcdfghjklmnpqrstvwxyz"

/**
 * `length` random characters that are valid inside a Kubernetes name.
 * 10 characters carry 49.5 bits: among 1,000,000 workloads two are the same with a chance of 1 in 1,600.
 */
export function randomName(length: number): string {
  let name = ""
  while (name.length < length) {
    for (const byte of randomBytes(length * 2)) {
      // 248 = 8 * 31: drop the rest so that every character is equally likely.
      if (byte < 248 && name.length < length) name += ALPHABET[byte % 31]
    }
  }
  return name
}

/** An identifier of our own, `<prefix>_<20 characters>` (99 random bits). */
export function newId(prefix: "ses" | "usr" | "msg" | "tok" | "lgn" | "aud" | "req"): string {
  return `${prefix}_${randomName(20)}`
}

/** A bearer value: 256 random bits, base64url. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url")
}
