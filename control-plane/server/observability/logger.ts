import { type DestinationStream, type Logger, pino } from "pino"
import { AppError } from "../errors/index.ts"

export type { Logger } from "pino"

// Names under which a credential could be logged by mistake. `Secret` protects itself; this is the second fence, for
// foreign objects such as requests and headers.
const SENSITIVE = [
  "authorization",
  "cookie",
  "password",
  "secret",
  "token",
  '["set-cookie"]',
  '["proxy-authorization"]',
]
const REDACT_PATHS = SENSITIVE.flatMap((name) => {
  const dotted = name.startsWith("[") ? name : `.${name}`
  return [name, `*${dotted}`, `*.*${dotted}`, `*.*.*${dotted}`]
})
const MESSAGE_CHARACTERS_MAX = 2_000

/**
 * The process's logger: one JSON line an event on stdout, written synchronously so that a crash loses none.
 * `destination` is for tests.
 */
export function createLogger(options: { level: string; replica: string; destination?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: { replica: options.replica },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACT_PATHS, censor: "[REDACTED]" },
      serializers: { err: describeError, error: describeError },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  )
}

interface ErrorDescription {
  type: string
  message: string
  code?: unknown
  detail?: string
  stack?: string
  cause?: ErrorDescription
}

/**
 * An error for the log. Only these fields: a foreign error's other properties (a request's headers, a query's values)
 * are where secrets hide. Causes are followed three deep.
 */
function describeError(value: unknown, depth = 0): ErrorDescription {
  if (!(value instanceof Error)) return { type: typeof value, message: cut(String(value)) }
  const { code } = value as { code?: unknown }
  return {
    type: value.name,
    message: cut(value.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(value instanceof AppError && value.detail !== undefined ? { detail: cut(value.detail) } : {}),
    ...(value.stack === undefined ? {} : { stack: value.stack.split("\n").slice(1, 12).join("\n") }),
    ...(value.cause === undefined || depth >= 3 ? {} : { cause: describeError(value.cause, depth + 1) }),
  }
}

function cut(text: string): string {
  return text.length <= MESSAGE_CHARACTERS_MAX ? text : `${text.slice(0, MESSAGE_CHARACTERS_MAX)}…`
}
