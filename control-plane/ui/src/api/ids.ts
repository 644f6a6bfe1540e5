// The alphabet of the server's identifiers (server/crypto/ids.ts).
const ALPHABET = "0123456789bcdfghjklmnpqrstvwxyz"

/**
 * An identifier of 20 characters (99 random bits) with a prefix. Made here so that a repeated request is the same one.
 * @param random fills the array, as `crypto.getRandomValues` does
 */
export function newId(prefix: string, random: (bytes: Uint8Array<ArrayBuffer>) => void = fillRandom): string {
  let id = ""
  const bytes = new Uint8Array(40)
  while (id.length < 20) {
    random(bytes)
    for (const byte of bytes) if (byte < 248 && id.length < 20) id += ALPHABET[byte % 31]
  }
  return `${prefix}_${id}`
}

function fillRandom(bytes: Uint8Array<ArrayBuffer>): void {
  crypto.getRandomValues(bytes)
}
