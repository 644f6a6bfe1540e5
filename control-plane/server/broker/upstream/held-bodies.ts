import type { Readable } from "node:stream"
import { AppError } from "../../errors/index.ts"

// Bedrock takes 25,000,000 bytes and refuses what has no hash of its body: a signed request has to be read first.
const BODY_BYTES_MAX = 25_000_000
/** Of all requests of this process that are being read or sent. */
const HELD_BYTES_MAX = 256 * 1024 * 1024
/** Of one session's: a whole request of the largest size, and some beside it. */
const SESSION_BYTES_MAX = 32 * 1024 * 1024
/** Without one byte of the body. */
const IDLE_MS = 15_000
/** For the whole body, which comes from the same cluster. */
const READ_MS = 60_000

interface Limits {
  readonly body_bytes_max: number
  readonly held_bytes_max: number
  readonly session_bytes_max: number
  readonly idle_ms: number
  readonly read_ms: number
}

const LIMITS: Limits = {
  body_bytes_max: BODY_BYTES_MAX,
  held_bytes_max: HELD_BYTES_MAX,
  session_bytes_max: SESSION_BYTES_MAX,
  idle_ms: IDLE_MS,
  read_ms: READ_MS,
}

/** A body that is at hand. */
interface HeldBody {
  /** @throws Error after `release` */
  bytes(): Buffer
  /** It has been sent: makes room for others. A repeat changes nothing. */
  release(): void
}

/** Bodies that have to be at hand as a whole before the first byte of them is sent. */
export interface HeldBodies {
  /**
   * Reads a session's request.
   * @throws AppError `too_large`; `too_many_requests` while the session holds too much already, `unavailable` while all
   * of them do or when the body does not arrive: both may be tried again. The request is read on for a while then, for
   * an answer to get through, and cut off if it does not end.
   */
  read(sessionId: string, request: Readable): Promise<HeldBody>
}

/** Limits what is held, each body, each session's and all together, and for how long a body may be on its way. */
export function createHeldBodies(changed: Partial<Limits> = {}): HeldBodies {
  const limits = { ...LIMITS, ...changed }
  const room = createRoom(limits)
  return {
    read: (sessionId, request) =>
      new Promise((resolve, reject) => {
        let chunks: Buffer[] = []
        let bytes = 0
        const release = () => {
          room.give(sessionId, bytes)
          chunks = []
          bytes = 0
        }
        const refuse = (error: AppError) => {
          settle()
          release()
          reject(error)
          // Not at once: the answer goes out on the same connection.
          if (!request.destroyed) endWithin(request, limits.idle_ms)
        }
        const take = (chunk: Buffer) => {
          idle.refresh()
          bytes += chunk.length
          const full = room.take(sessionId, chunk.length)
          chunks.push(chunk)
          if (bytes > limits.body_bytes_max) refuse(tooLarge(limits.body_bytes_max))
          else if (full !== null) refuse(full)
        }
        const end = () => {
          settle()
          const body = Buffer.concat(chunks)
          chunks = [body]
          resolve({ bytes: () => present(chunks[0]), release })
        }
        const late = () => refuse(tooSlow())
        const broken = () => refuse(new AppError("invalid_request", "The request broke off."))
        const settle = () => {
          clearTimeout(idle)
          clearTimeout(whole)
          request.off("data", take).off("end", end).off("error", broken).off("close", broken)
        }
        const idle = setTimeout(late, limits.idle_ms)
        const whole = setTimeout(late, limits.read_ms)
        if (request.destroyed) return broken()
        request.on("data", take).once("end", end).once("error", broken).once("close", broken)
      }),
  }
}

/** Who holds how much. */
function createRoom({ held_bytes_max, session_bytes_max }: Limits) {
  const bySession = new Map<string, number>()
  let all = 0
  return {
    /** Counts the bytes in any case; says so when they are too many. */
    take(sessionId: string, bytes: number): AppError | null {
      const own = (bySession.get(sessionId) ?? 0) + bytes
      bySession.set(sessionId, own)
      all += bytes
      if (own > session_bytes_max) return busy("too_many_requests", "Too many signed requests of this session are")
      return all > held_bytes_max ? busy("unavailable", "Too many signed requests are") : null
    },
    give(sessionId: string, bytes: number): void {
      const own = (bySession.get(sessionId) ?? 0) - bytes
      if (own > 0) bySession.set(sessionId, own)
      else bySession.delete(sessionId)
      all -= bytes
    },
  }
}

/** Throws away what still comes of a request, and ends its connection when that goes on for too long. */
function endWithin(request: Readable, wait_ms: number): void {
  const timer = setTimeout(() => request.destroy(), wait_ms)
  timer.unref()
  const done = () => clearTimeout(timer)
  request.once("end", done).once("close", done)
  // A connection that breaks now is nobody's trouble any more.
  request.on("error", done).resume()
}

function present(body: Buffer | undefined): Buffer {
  if (body === undefined) throw new Error("the body was let go of")
  return body
}

function tooLarge(bytes_max: number): AppError {
  return new AppError(
    "too_large",
    `The request is too large: a signed request has ${bytes_max} bytes at most, because all of it is signed.`,
  )
}

function tooSlow(): AppError {
  return new AppError("unavailable", "The request did not arrive in time; send it again.", { retryAfter_s: 1 })
}

function busy(code: "unavailable" | "too_many_requests", who: string): AppError {
  return new AppError(code, `${who} on their way; try again.`, { retryAfter_s: 1 })
}
