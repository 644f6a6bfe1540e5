import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"

// One of the equivalent settings of the OWASP password storage cheat sheet: 32 MiB and about 150 ms a hash, so that
// several at once fit a small container.
const COST = { N: 2 ** 15, r: 8, p: 3 }
const SALT_BYTES = 16
const HASH_BYTES = 32
const MEMORY_BYTES_MAX = 128 * 1024 * 1024
/** Longer passwords are refused before any work is done for them. */
export const PASSWORD_CHARACTERS_MAX = 1_024

/** `scrypt$N$r$p$salt$hash`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return format(salt, await derive(password, salt, HASH_BYTES, COST))
}

/** What no password belongs to, and what takes as long to find out as for any other. */
export function decoyHash(): string {
  return format(randomBytes(SALT_BYTES), randomBytes(HASH_BYTES))
}

function format(salt: Buffer, hash: Buffer): string {
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), hash.toString("base64url")].join("$")
}

/** Whether the password belongs to the stored hash. A hash that is not understood belongs to none. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt, hash] = stored.split("$")
  if (scheme !== "scrypt" || salt === undefined || hash === undefined) return false
  const expected = Buffer.from(hash, "base64url")
  const actual = await derive(password, Buffer.from(salt, "base64url"), expected.length, {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  })
  return timingSafeEqual(actual, expected)
}

function derive(password: string, salt: Buffer, bytes: number, cost: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // NFKC: the same characters typed on two systems are the same password.
    scrypt(password.normalize("NFKC"), salt, bytes, { ...cost, maxmem: MEMORY_BYTES_MAX }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
