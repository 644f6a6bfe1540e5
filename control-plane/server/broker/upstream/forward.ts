import type { IncomingMessage, ServerResponse } from "node:http"
import {
  RelayError,
  type RelayOptions,
  type RelayResult,
  type RelayTarget,
  relay,
} from "../../../../pod-protocol/relay.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Dialer } from "./dial.ts"

const CONNECT_MS = 10_000
// A model may think for minutes before its first byte, and a large repository is counted before it is sent.
const IDLE_MS = 600_000

/** One request's way through the broker. */
export interface Passage {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Relays a request to an upstream that may be dialled.
 * @throws AppError in words for the person in front of the session; `null`-like silence (a cancelled request) resolves
 * with the status 499 instead.
 */
export async function forward(
  { request, response }: Passage,
  dialer: Dialer,
  to: Pick<RelayTarget, "url" | "headers" | "body"> & { readonly sessionId: string },
  options: Pick<RelayOptions, "answer" | "body_bytes_max">,
): Promise<RelayResult> {
  try {
    const target = { ...to, ...dialer.target(to.url, to.sessionId) }
    return await relay(request, response, target, { connect_ms: CONNECT_MS, idle_ms: IDLE_MS, ...options })
  } catch (error) {
    if (!(error instanceof RelayError)) throw error
    if (error.reason === "cancelled") return { status: 499, bytes: 0 }
    throw translate(error, to.url.host)
  }
}

function translate(error: RelayError, host: string): AppError {
  if (isAppError(error.cause)) return error.cause
  if (error.reason === "too_large") return new AppError("too_large", `The request is too large: ${error.message}.`)
  return new AppError("upstream_refused", `${host} cannot be reached: ${error.message}.`, { cause: error })
}
