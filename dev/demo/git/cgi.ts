/** The head of a CGI answer, and what of the body came with it. */
export type CgiHead = { status: number; headers: Record<string, string>; rest: Buffer }

/** Reads the head of a CGI answer (RFC 3875, 6.2); `undefined` until its end has come. */
export function readHead(data: Buffer): CgiHead | undefined {
  const end = data.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  let status = 200
  const headers: Record<string, string> = {}
  for (const row of data.subarray(0, end).toString("latin1").split("\r\n")) {
    const colon = row.indexOf(":")
    const name = row.slice(0, colon).trim().toLowerCase()
    const value = row.slice(colon + 1).trim()
    if (name === "status") status = Number.parseInt(value, 10)
    else if (colon > 0) headers[name] = value
  }
  return { status, headers, rest: data.subarray(end + 4) }
}
