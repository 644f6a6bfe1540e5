import { translateDatabaseError } from "../database/index.ts"
import { AppError, isAppError } from "../errors/index.ts"

export interface ErrorBody {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly requestId: string
    readonly details?: Readonly<Record<string, unknown>>
  }
}

/** Whatever was thrown, as the one kind of error that may leave: what is not understood becomes `internal`. */
export function toAppError(thrown: unknown): AppError {
  const error = translateDatabaseError(thrown)
  if (isAppError(error)) return error
  return new AppError("internal", "Something went wrong on our side. Name the request id when you report it.", {
    cause: error,
  })
}

/** The public part of an error. */
export function errorBody(error: AppError, requestId: string): ErrorBody {
  const { code, message, details } = error
  return { error: { code, message, requestId, ...(details === undefined ? {} : { details }) } }
}
