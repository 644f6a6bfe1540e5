import type { IncomingMessage } from "node:http"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * The value of a header that says who somebody is, or null unless it counts:
 * - exactly one header line has this name; `X_User` is another name, and joined values never arise
 * - it is not nominated in `Connection`, which would make a proxy on the way drop its own and pass on the client's
 * - it is UTF-8 without control characters, within `characters_max`, and not empty
 */
export function readIdentityHeader(
  request: Pick<IncomingMessage, "rawHeaders">,
  name: string,
  characters_max: number,
): string | null {
  const wanted = name.toLowerCase()
  const values = valuesOf(request.rawHeaders, wanted)
  const [raw] = values
  if (values.length !== 1 || raw === undefined) return null
  const nominated = valuesOf(request.rawHeaders, "connection").flatMap((value) => value.toLowerCase().split(","))
  if (nominated.some((token) => token.trim() === wanted)) return null
  const value = decode(raw)
  if (value === null || value === "" || value.length > characters_max || /\p{Cc}/u.test(value)) return null
  return value
}

/** A person's name from a header, decoded where the proxy encodes it: RFC 2047 (`=?utf-8?q?…?=`) or percent signs. */
export function readName(
  request: Pick<IncomingMessage, "rawHeaders">,
  name: string,
  characters_max: number,
): string | null {
  const value = readIdentityHeader(request, name, characters_max * ENCODED_FACTOR)
  if (value === null) return null
  const decoded = decodePercent(decodeWords(value)).trim()
  return decoded === "" || /\p{Cc}/u.test(decoded) ? null : decoded.slice(0, characters_max)
}

/** Three characters a byte, up to four bytes a character, and the frame of encoded words. */
const ENCODED_FACTOR = 14
const ENCODED_WORD = /=\?(utf-8|iso-8859-1|us-ascii)\?([qb])\?([^?\s]*)\?=/gi

function decodeWords(value: string): string {
  // Blanks between two encoded words are no part of the text.
  return value
    .replace(/\?=[ \t]+=\?/g, "?==?")
    .replace(ENCODED_WORD, (word, charset: string, how: string, text: string) => {
      const bytes = how.toLowerCase() === "b" ? Buffer.from(text, "base64") : bytesOfQ(text)
      try {
        return charset.toLowerCase() === "utf-8" ? utf8.decode(bytes) : bytes.toString("latin1")
      } catch {
        return word
      }
    })
}

function bytesOfQ(text: string): Buffer {
  const latin1 = text
    .replaceAll("_", " ")
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(latin1, "latin1")
}

/** As it is unless every percent sign begins an encoded byte and the whole is UTF-8: "100 % Ann" is a name. */
function decodePercent(value: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(value) || /%(?![0-9A-Fa-f]{2})/.test(value)) return value
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === wanted) values.push(rawHeaders[at + 1] ?? "")
  }
  return values
}

/** Node gives each byte as one character. */
function decode(raw: string): string | null {
  try {
    return utf8.decode(Buffer.from(raw, "latin1")).trim()
  } catch {
    return null
  }
}
