/** A database address taken apart, with everything decoded. Undefined: not given. */
export interface DatabaseAddress {
  /** A name, an address, or the directory of a unix socket. */
  readonly host: string | undefined
  readonly port: number | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly sslmode: SslMode | undefined
  /** Files of PEM text. */
  readonly sslrootcert: string | undefined
  readonly sslcert: string | undefined
  readonly sslkey: string | undefined
  readonly sslnegotiation: string | undefined
  /** Settings for the server's process, as `-c search_path=x`. */
  readonly options: string | undefined
}

/** libpq's, and the Node driver's `no-verify`. */
export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"] as const
export type SslMode = (typeof SSL_MODES)[number]

/** What is wrong with an address, without any part of it: it may hold a password. */
export class AddressFault extends Error {}

const ENCODE = 'write the characters @ : / # ? % of a user name or password percent-encoded, for example "@" as %40'
const TEXT_PARAMETERS = ["host", "user", "password", "dbname", "sslrootcert", "sslcert", "sslkey", "options"] as const

/**
 * Takes a `postgres://` address apart as libpq does, so that what works with psql works here. Parameters that mean nothing
 * here are left out.
 * @throws AddressFault that says what to write instead
 */
export function readDatabaseAddress(text: string): DatabaseAddress {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase()
  if (scheme === "jdbc") {
    throw new AddressFault(
      "is a JDBC address; leave out jdbc: and give user and password as postgres://user:password@host/database",
    )
  }
  if (/^\s*[a-z_]+\s*=/.test(text)) {
    throw new AddressFault(
      "is a list of key=value; give postgres://user:password@host:port/database, or the parts as PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE",
    )
  }
  const rest = /^postgres(?:ql)?:\/\/(.*)$/is.exec(text)?.[1]
  if (rest === undefined) throw new AddressFault("must be an address like postgres://user:password@host:port/database")
  const [, beforeQuery = "", query = ""] = /^([^?]*)\??(.*)$/s.exec(rest) ?? []
  const parameters = readParameters(query)
  const slash = beforeQuery.indexOf("/")
  const authority = slash < 0 ? beforeQuery : beforeQuery.slice(0, slash)
  const path = slash < 0 ? "" : beforeQuery.slice(slash + 1)
  if (authority.split("@").length > 2 || path.includes("@") || query.includes("@") || path.includes("/")) {
    throw new AddressFault(`cannot be read: ${ENCODE}`)
  }
  const at = authority.indexOf("@")
  const [user, password] = at < 0 ? [undefined, undefined] : splitUser(authority.slice(0, at))
  const { host, port } = splitHost(authority.slice(at + 1))
  const given = (name: (typeof TEXT_PARAMETERS)[number]) => parameters.get(name) || undefined
  return checked({
    host: given("host") ?? (decode(host) || undefined),
    port: portOf(parameters.get("port") || port),
    user: given("user") ?? (user === undefined ? undefined : decode(user) || undefined),
    password: given("password") ?? (password === undefined ? undefined : decode(password) || undefined),
    database: given("dbname") ?? (decode(path) || undefined),
    sslmode: sslModeOf(parameters.get("sslmode") ?? sslWord(parameters.get("ssl"))),
    sslrootcert: given("sslrootcert"),
    sslcert: given("sslcert"),
    sslkey: given("sslkey"),
    sslnegotiation: parameters.get("sslnegotiation") || undefined,
    options: given("options"),
  })
}

/** @throws AddressFault for what would be misunderstood; for the parts of the environment too */
export function checked(address: DatabaseAddress): DatabaseAddress {
  if (address.host?.includes(",") === true) {
    throw new AddressFault("names several hosts; give one, for example the address that always leads to the primary")
  }
  return address
}

/** @throws AddressFault */
export function sslModeOf(value: string | undefined): SslMode | undefined {
  if (value === undefined || value === "") return undefined
  const mode = SSL_MODES.find((one) => one === value)
  if (mode === undefined) throw new AddressFault(`has an unknown sslmode; it is one of ${SSL_MODES.join(", ")}`)
  return mode
}

/** @throws AddressFault */
export function portOf(value: string | undefined): number | undefined {
  if (value === undefined || value === "") return undefined
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (port < 1 || port > 65_535)
    throw new AddressFault(`has a port that is not a number of 1 to 65535; if it is part of a password, ${ENCODE}`)
  return port
}

/** The same address in one line, everything encoded. */
export function writeDatabaseAddress(address: DatabaseAddress): string {
  const { host = "", port, user, password, database, ...parameters } = address
  const encode = encodeURIComponent
  const who = user === undefined ? "" : `${encode(user)}${password === undefined ? "" : `:${encode(password)}`}@`
  const where = host.includes(":") ? `[${host}]` : encode(host)
  const query = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encode(value)}`],
  )
  const tail = query.length === 0 ? "" : `?${query.join("&")}`
  return `postgres://${who}${where}${port === undefined ? "" : `:${port}`}/${encode(database ?? "")}${tail}`
}

function readParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split("&").filter((one) => one !== "")) {
    const equals = pair.indexOf("=")
    if (equals < 0) throw new AddressFault(`has a parameter without a value; if it is part of a password, ${ENCODE}`)
    parameters.set(decode(pair.slice(0, equals)), decode(pair.slice(equals + 1)))
  }
  return parameters
}

/** The word of JDBC and of Node's driver. */
function sslWord(value: string | undefined): string | undefined {
  if (value === "true" || value === "1") return "require"
  return value === "false" || value === "0" ? "disable" : value
}

function splitUser(text: string): [string, string | undefined] {
  const colon = text.indexOf(":")
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)]
}

function splitHost(text: string): { host: string; port: string | undefined } {
  if (text.includes(",")) {
    throw new AddressFault("names several hosts; give one, for example the address that always leads to the primary")
  }
  const v6 = /^\[([0-9A-Fa-f:.%]+)\](?::(.*))?$/.exec(text)
  if (v6?.[1] !== undefined) return { host: v6[1], port: v6[2] }
  const colon = text.indexOf(":")
  return colon < 0 ? { host: text, port: undefined } : { host: text.slice(0, colon), port: text.slice(colon + 1) }
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text)
    if (!decoded.includes("\0")) return decoded
  } catch {}
  throw new AddressFault(`has a percent sign that begins no encoded character; ${ENCODE}`)
}
