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
