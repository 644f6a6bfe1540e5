import knex from "knex"
import pg from "pg"
import type { Secret } from "../crypto/index.ts"
import { DeadConnections, type PoolConnection } from "./dead-connections.ts"
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
    connection: () => ({ ...connectionSettings(url, "berth"), query_timeout: answer_ms }),
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
export function connectionSettings(url: Secret | undefined, name: string) {
  return {
    ...(url === undefined ? {} : { connectionString: url.reveal() }),
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
  }
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
