import type { ServerResponse } from "node:http"
import { type AppError, isAppError } from "../errors/index.ts"

/** A JSON answer that nobody stores. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  })
  response.end(text)
}

/** An answer without a body: 202 for "taken", 204 for "nothing yet". */
export function answerEmpty(response: ServerResponse, status: 202 | 204): void {
  response.writeHead(status, { "cache-control": "no-store" })
  response.end()
}

/** `{error: {code, message}}`: what the parts of the pod read, and what model SDKs show as the provider's words. */
export function answerError(response: ServerResponse, error: unknown): void {
  const { status, code, message, retryAfter_s } = publicForm(error)
  if (retryAfter_s !== undefined) response.setHeader("retry-after", retryAfter_s)
  answerJson(response, status, { error: { code, message } })
}

/** git shows a plain-text body to its user as `remote: …`. It must never see 401: it would ask for a password. */
export function answerGitError(response: ServerResponse, error: unknown): void {
  const { status, message, retryAfter_s } = publicForm(error)
  if (retryAfter_s !== undefined) response.setHeader("retry-after", retryAfter_s)
  const text = `${message}\n`
  response.writeHead(status === 401 ? 403 : status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  })
  response.end(text)
}

function publicForm(error: unknown): Pick<AppError, "status" | "code" | "message" | "retryAfter_s"> {
  if (isAppError(error)) return error
  return { status: 500, code: "internal", message: "Something went wrong in the broker.", retryAfter_s: undefined }
}
