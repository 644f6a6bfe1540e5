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
const PASSING_MESSAGES = /timeout acquiring a connection|connection terminated|timeout expired|client has encountered/i

/**
 * Turns a failure of PostgreSQL that will pass (down, restarting, out of connections, deadlock) into `unavailable`.
 * Everything else is given back as it is: a mistake of ours must not look like an outage.
 */
export function translateDatabaseError(error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error) || !passes(error)) return error
  return new AppError("unavailable", "The database cannot be reached at the moment. Try again shortly.", {
    cause: error,
    detail: error.message,
    retryAfter_s: 2,
  })
}

function passes(error: Error & { code?: unknown }): boolean {
  // The driver puts several refused addresses (IPv4 and IPv6 of one name) into one AggregateError.
  if (error instanceof AggregateError && error.errors.some((one) => one instanceof Error && passes(one))) return true
  const code = typeof error.code === "string" ? error.code : ""
  if (PASSING_SYSTEM_ERRORS.includes(code) || PASSING_CODES.includes(code)) return true
  if (code.length === 5 && PASSING_CLASSES.includes(code.slice(0, 2))) return true
  return PASSING_MESSAGES.test(error.message)
}
