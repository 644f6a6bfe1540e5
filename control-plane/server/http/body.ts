import type { IncomingMessage } from "node:http"
import { AppError, isAppError } from "../errors/index.ts"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Whether the request has a body at all. */
export function hasBody(request: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers
  return encoding !== undefined || (length !== undefined && length !== "0")
}

/**
 * The request's JSON. It must say that it is JSON: other sites' forms cannot.
 * @throws AppError `unsupported_media_type`, `too_large`, `invalid_request`
 */
export async function readJson(request: IncomingMessage, bytes_max: number): Promise<unknown> {
  requireJson(request)
  const text = await readText(request, bytes_max)
  try {
    return JSON.parse(text)
  } catch {
    throw new AppError("invalid_request", "The body is not JSON.")
  }
}

/** @throws AppError `unsupported_media_type` */
function requireJson(request: IncomingMessage): void {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";")
  if (type.trim().toLowerCase() !== "application/json") {
    throw new AppError("unsupported_media_type", "Send the body as application/json.")
  }
  const encoding = request.headers["content-encoding"]
  if (encoding !== undefined && encoding !== "identity") {
    throw new AppError("unsupported_media_type", "Send the body without Content-Encoding.")
  }
}

/** The request's body as it was sent. @throws AppError `too_large`, `invalid_request` */
export async function readBytes(request: IncomingMessage, bytes_max: number): Promise<Buffer> {
  const tooLarge = () => new AppError("too_large", `The body may have ${bytes_max} bytes at most.`)
  if (Number(request.headers["content-length"] ?? 0) > bytes_max) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytes_max) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (isAppError(error)) throw error
    throw new AppError("invalid_request", "The request ended before its body was complete.", { cause: error })
  }
  return Buffer.concat(chunks)
}

async function readText(request: IncomingMessage, bytes_max: number): Promise<string> {
  const bytes = await readBytes(request, bytes_max)
  try {
    return utf8.decode(bytes)
  } catch {
    throw new AppError("invalid_request", "The body is not UTF-8.")
  }
}
