import knex from "knex"
import pg from "pg"
import { type DatabaseAddress, readDatabaseAddress } from "../config/index.ts"
import type { Secret } from "../crypto/index.ts"
import { DeadConnections, type PoolConnection } from "./dead-connections.ts"
import { tlsFor } from "./tls.ts"
import type { Database } from "./types.ts"

const ACQUIRE_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 15_000
/** Longer than the server's own limit, which a connection that goes nowhere does not know of. */
const ANSWER_TIMEOUT_MS = 20_000
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000
const IDLE_CONNECTION_MS = 60_000

export interface DatabaseOptions {
  /** Connection string; undefined means PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD of the environment. */
  readonly url: Secret | undefined
  /** Connections of this process at most. Notifications use one more. */
  readonly poolMax: number
  /** How long the answer to a statement is waited for; then its connection counts as dead. Default 20 s. */
  readonly answer_ms?: number
}

/**
 * The connection pool. Nothing is dialled before the first query.
 *
 * `int8` columns and `count(*)` arrive as numbers (none of ours comes near 2^53; a larger one throws), `timestamptz` as
 * Date, `jsonb` parsed. A query waits 5 s for a free connection and may run 15 s; after 20 s without an answer its connection
 * counts as dead, and is not used again.
 */
export function createDatabase(options: DatabaseOptions): Database {
  const { url, poolMax, answer_ms = ANSWER_TIMEOUT_MS } = options
  const dead = new DeadConnections()
  return knex({
    client: "pg",
    connection: async () => ({ ...(await connectionSettings(url, "berth")), query_timeout: answer_ms }),
    pool: {
      min: 0,
      max: poolMax,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      afterCreate(connection: PoolConnection, done: (error: Error | null, connection: PoolConnection) => void) {
        dead.watch(connection)
        done(null, connection)
      },
    },
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    asyncStackTraces: false,
    // The statement goes into an error's message with its placeholders: what was bound to them must not reach a log.
    compileSqlOnError: false,
    // It would print to the console what its callers get as errors.
    log: { warn() {}, error() {}, debug() {}, deprecate() {} },
  })
}

/** What every connection of ours is opened with, in the pool or outside of it. */
export async function connectionSettings(url: Secret | undefined, name: string) {
  return {
    ...(url === undefined ? {} : await placeOf(readDatabaseAddress(url.reveal()))),
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
  }
}

const CERTIFICATE = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|ERR_SSL_)/
const REMEDY =
  "Mount the authority's certificate and name it with sslrootcert in DATABASE_URL or with PGSSLROOTCERT (or NODE_EXTRA_CA_CERTS), or use sslmode=require, which encrypts and verifies nothing. Amazon RDS: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"

/** A connection that failed for TLS, with what an operator can do; every other error as it is. */
export function explainConnection(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code = "" } = error as NodeJS.ErrnoException
  if (CERTIFICATE.test(code)) {
    return new Error(`The database's certificate is not accepted (${code}). ${REMEDY}`, { cause: error })
  }
  if (/does not support SSL/i.test(error.message)) {
    const words = "The database offers no TLS, and sslmode asks for it. Use sslmode=prefer or sslmode=disable."
    return new Error(words, { cause: error })
  }
  return error
}

/** Taken apart by us: pg reads an address, and above all `sslmode`, in another way than libpq. */
async function placeOf(address: DatabaseAddress) {
  const { host, port, user, password, database, options, sslnegotiation } = address
  const given = { host, port, user, password, database, options, sslnegotiation }
  const settings = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { ...settings, ssl: await tlsFor(address, CONNECT_TIMEOUT_MS) }
}

/** pg's own parsers, with int8 as a number. Per connection: the process-wide table stays untouched. */
function getTypeParser(oid: number, format?: string): (text: string) => unknown {
  if (oid === pg.types.builtins.INT8 && format !== "binary") return parseInt8
  return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text")
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 value ${text} does not fit a number`)
  return value
}
