/**
 * The one error type that may leave a feature.
 *
 * `code` is stable and part of the API; `message` is for the person who caused the error and says what to do; `detail`
 * is for the operator's log and never leaves the process. Foreign errors (pg, Kubernetes, fetch) are translated into
 * this type where they enter.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly status: number
  /** Machine-readable facts that the caller may see, for example `{ field: "repository.url" }`. */
  readonly details: Readonly<Record<string, unknown>> | undefined
  /** For the log only. */
  readonly detail: string | undefined
  /** Seconds after which a repeat makes sense; becomes `Retry-After`. */
  readonly retryAfter_s: number | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = "AppError"
    this.code = code
    this.status = STATUS_OF[code]
    this.details = options.details
    this.detail = options.detail
    this.retryAfter_s = options.retryAfter_s
  }
}

export interface AppErrorOptions {
  cause?: unknown
  details?: Readonly<Record<string, unknown>>
  detail?: string
  retryAfter_s?: number
}

/** Every error code of the API and the HTTP status it is answered with. */
export const STATUS_OF = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  cross_site: 403,
  host_not_allowed: 403,
  password_change_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  idempotency_mismatch: 409,
  stale_lease: 409,
  session_not_running: 409,
  too_large: 413,
  unsupported_media_type: 415,
  limit_reached: 429,
  too_many_requests: 429,
  internal: 500,
  agent_failed: 502,
  upstream_refused: 502,
  unavailable: 503,
} as const

export type ErrorCode = keyof typeof STATUS_OF

/** True for an AppError, also across realms; `code` narrows it when given. */
export function isAppError(value: unknown, code?: ErrorCode): value is AppError {
  return value instanceof AppError && (code === undefined || value.code === code)
}
