import { AppError, isAppError } from "../errors/index.ts"

// SQLSTATE classes and codes after which the same statement may succeed a moment later.
const PASSING_CLASSES = ["08", "53", "57"]
const PASSING_CODES = ["40001", "40P01", "55P03", "25006"]
const PASSING_SYSTEM_ERRORS = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]
const PASSING_MESSAGES =
  /timeout acquiring a connection|connection terminated|connection ended|timeout expired|client has encountered|query read timeout|not queryable/i
/** The database answers and takes no writes: its disk is full, or it is a standby. */
const NO_WRITES: Readonly<Record<string, string>> = {
  "53100": "The database's disk is full, so it takes no writes. Nothing that is stored is lost.",
  "25006": "The database is read-only at the moment, so it takes no writes. Nothing that is stored is lost.",
}
/** Data exceptions and exceeded limits of PostgreSQL: the same values will never be stored. */
const REFUSED_CLASSES = ["22", "54"]

/**
 * Turns a failure of PostgreSQL that will pass (down, restarting, out of connections, deadlock) into `unavailable`.
 * Everything else is given back as it is: a mistake of ours must not look like an outage.
 */
export function translateDatabaseError(error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error) || !passes(error)) return error
  const noWrites = NO_WRITES[codeOf(error)]
  return new AppError("unavailable", noWrites ?? "The database cannot be reached at the moment. Try again shortly.", {
    cause: error,
    detail: error.message,
    retryAfter_s: noWrites === undefined ? 2 : 10,
  })
}

/** True when PostgreSQL will never store these values (a NUL in jsonb, a row that is too big), whenever it is tried. */
export function isRefusedForGood(error: unknown): boolean {
  return error instanceof Error && REFUSED_CLASSES.includes(codeOf(error).slice(0, 2)) && codeOf(error).length === 5
}

function codeOf(error: Error & { code?: unknown }): string {
  return typeof error.code === "string" ? error.code : ""
}

function passes(error: Error & { code?: unknown }): boolean {
  // The driver puts several refused addresses (IPv4 and IPv6 of one name) into one AggregateError.
  if (error instanceof AggregateError && error.errors.some((one) => one instanceof Error && passes(one))) return true
  const code = codeOf(error)
  if (PASSING_SYSTEM_ERRORS.includes(code) || PASSING_CODES.includes(code)) return true
  if (code.length === 5 && PASSING_CLASSES.includes(code.slice(0, 2))) return true
  return PASSING_MESSAGES.test(error.message)
}
