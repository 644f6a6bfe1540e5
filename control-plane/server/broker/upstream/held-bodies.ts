import type { IncomingMessage } from "node:http"
import { AppError } from "../../errors/index.ts"

// Bedrock takes 25,000,000 bytes and refuses what has no hash of its body: a signed request has to be read first.
const BODY_BYTES_MAX = 25_000_000
/** Of all requests of this process that are being read or sent. */
const HELD_BYTES_MAX = 256 * 1024 * 1024

/** Bodies that have to be at hand as a whole before the first byte of them is sent. */
export interface HeldBodies {
  /**
   * Reads a request's body. `release` when it has been sent.
   * @throws AppError `too_large`; `unavailable` while too much is held already.
   */
  read(request: IncomingMessage): Promise<{ readonly body: Buffer; release(): void }>
}

/** Limits what is held, each body and all together. */
export function createHeldBodies(limits: { body_bytes_max?: number; held_bytes_max?: number } = {}): HeldBodies {
  const { body_bytes_max = BODY_BYTES_MAX, held_bytes_max = HELD_BYTES_MAX } = limits
  let held = 0
  return {
    read: (request) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = []
        let bytes = 0
        const release = () => {
          held -= bytes
          bytes = 0
        }
        const refuse = (error: AppError) => {
          // Not `destroy`: the answer goes out on the same connection.
          request.off("data", take).resume()
          release()
          reject(error)
        }
        const take = (chunk: Buffer) => {
          bytes += chunk.length
          held += chunk.length
          if (bytes > body_bytes_max) refuse(tooLarge(body_bytes_max))
          else if (held > held_bytes_max) refuse(busy())
          else chunks.push(chunk)
        }
        request.on("data", take)
        request.once("end", () => resolve({ body: Buffer.concat(chunks), release }))
        request.once("error", () => refuse(new AppError("invalid_request", "The request broke off.")))
      }),
  }
}

function tooLarge(bytes_max: number): AppError {
  return new AppError(
    "too_large",
    `The request is too large: a signed request has ${bytes_max} bytes at most, because all of it is signed.`,
  )
}

function busy(): AppError {
  return new AppError("unavailable", "Too many signed requests are on their way; try again.", { retryAfter_s: 1 })
}
