import { Secret } from "../crypto/index.ts"
import {
  AddressFault,
  checked,
  type DatabaseAddress,
  portOf,
  readDatabaseAddress,
  sslModeOf,
  writeDatabaseAddress,
} from "./database-address.ts"
import type { Faults } from "./faults.ts"

type Get = (name: string) => string | undefined

const FILES = [
  ["sslrootcert", "PGSSLROOTCERT"],
  ["sslcert", "PGSSLCERT"],
  ["sslkey", "PGSSLKEY"],
] as const

/**
 * The database's address from `DATABASE_URL`, completed by libpq's PG… variables, or from these alone. As with libpq, TLS
 * is used where the server has it unless `sslmode` says something else. Faults name the key and never a value.
 */
export function parseDatabase(
  get: Get,
  readFile: (path: string) => string | undefined,
  faults: Faults,
): Secret | undefined {
  const text = get("DATABASE_URL")
  const key = text === undefined ? "PGHOST" : "DATABASE_URL"
  for (const name of ["PGSERVICE", "PGHOSTADDR"]) {
    if (get(name) !== undefined)
      faults.add(`${name} is not read; give PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE`)
  }
  try {
    const fromEnvironment = readEnvironment(get)
    const given = text === undefined ? null : readDatabaseAddress(text)
    const address = given === null ? fromEnvironment : { ...fromEnvironment, ...withoutEmpty(given) }
    if (address.host === undefined) {
      faults.add(
        text === undefined
          ? "DATABASE_URL, or PGHOST and the other PG… variables, must be set"
          : "DATABASE_URL names no host; give postgres://user:password@host:port/database",
      )
      return undefined
    }
    for (const [name, variable] of FILES) {
      const path = address[name]
      if (path === undefined || path === "system" || readFile(path) !== undefined) continue
      const by = given?.[name] === undefined ? variable : `DATABASE_URL (${name})`
      faults.add(`${by} names a file that is not there; mount it, for example with controlPlane.extraVolumes`)
    }
    return new Secret(writeDatabaseAddress({ ...address, sslmode: address.sslmode ?? "prefer" }))
  } catch (error) {
    if (!(error instanceof AddressFault)) throw error
    faults.add(`${key} ${error.message}`)
    return undefined
  }
}

function readEnvironment(get: Get): DatabaseAddress {
  const named = <T>(name: string, read: (value: string | undefined) => T): T => {
    try {
      return read(get(name))
    } catch (error) {
      if (error instanceof AddressFault) throw new AddressFault(`(${name}) ${error.message}`)
      throw error
    }
  }
  return checked({
    host: get("PGHOST"),
    port: named("PGPORT", portOf),
    user: get("PGUSER"),
    password: get("PGPASSWORD"),
    database: get("PGDATABASE"),
    sslmode: named("PGSSLMODE", sslModeOf),
    sslrootcert: get("PGSSLROOTCERT"),
    sslcert: get("PGSSLCERT"),
    sslkey: get("PGSSLKEY"),
    sslnegotiation: get("PGSSLNEGOTIATION"),
    options: get("PGOPTIONS"),
  })
}

function withoutEmpty(address: DatabaseAddress): Partial<DatabaseAddress> {
  return Object.fromEntries(Object.entries(address).filter(([, value]) => value !== undefined))
}
