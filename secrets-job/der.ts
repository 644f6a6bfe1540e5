/** The few DER encodings (X.690) that a certificate needs. Reading is left to node:crypto. */

/** One tag, its length in the shortest form, its content. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, "0"), "hex")
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

/** SEQUENCE: values in their order. */
export const sequence = (...parts: readonly Uint8Array[]) => tlv(0x30, ...parts)

/** SET. With one member only: DER would want more of them sorted. */
export const setOfOne = (member: Uint8Array) => tlv(0x31, member)

/** OCTET STRING. */
export const octetString = (content: Uint8Array) => tlv(0x04, content)

/** UTF8String. */
export const utf8String = (text: string) => tlv(0x0c, Buffer.from(text))

/** BOOLEAN: DER knows one way to say true. */
export const boolean = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]))

/** Context-specific tag `[number]` around other values. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]) => tlv(0xa0 | number, ...parts)

/** Context-specific tag `[number]` in place of a primitive value's own. */
export const implicit = (number: number, content: Uint8Array) => tlv(0x80 | number, content)

/** A whole number of bytes, or with `unused` bits at the end of the last one. */
export function bitString(content: Uint8Array, unused = 0): Buffer {
  return tlv(0x03, Buffer.from([unused]), content)
}

/** A positive integer from its big-endian bytes: no needless zero in front, and one where the sign bit would be set. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.from([0]) : Buffer.from(bytes.subarray(first))
  return tlv(0x02, (digits[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), digits)
}

/** `1.2.840.…`: the first two arcs share a byte, the others are base 128 with a continuation bit. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return tlv(0x06, Buffer.from(bytes))
}

/** Seconds precision, UTC. RFC 5280 wants the two-digit form until 2049. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "")
  return date.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits))
}
