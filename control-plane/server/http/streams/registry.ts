import { Gauge } from "prom-client"
import { AppError } from "../../errors/index.ts"
import type { Authentication, Identity } from "../../identity/index.ts"
import type { Logger, Metrics } from "../../observability/index.ts"
import type { EndReason } from "./writer.ts"

export interface StreamLimits {
  /** How often it is asked whether the sign-ins behind open streams still hold. */
  readonly recheck_ms: number
  /** By weight, as `total_max`: one that follows several transcripts holds what as many streams would. */
  readonly perUser_max: number
  readonly total_max: number
}

const LIMITS: StreamLimits = { recheck_ms: 2_000, perUser_max: 128, total_max: 5_000 }

/** An open event stream or WebSocket. */
export interface OpenStream {
  /** Aborted with an EndReason. */
  readonly signal: AbortSignal
  end(reason: EndReason): void
}

/** All open streams of this process: counted, ended when their sign-in ends, ended at shutdown. */
export interface Streams {
  /** @throws AppError `limit_reached`, `unavailable` */
  open(authentication: Authentication, weight?: number): OpenStream
  /** Asks once whether every sign-in still holds. Runs by itself every `recheck_ms`. */
  recheck(): Promise<void>
  /** Ends all with the reason `shutdown` and opens no more. */
  shutdown(): void
}

/** An empty registry, which begins to check at once. */
export function createStreams(parts: {
  identity: Pick<Identity, "stillValid">
  log: Logger
  metrics: Metrics
  limits?: StreamLimits
}): Streams {
  const limits = parts.limits ?? LIMITS
  const open = new Map<AbortController, { readonly authentication: Authentication; readonly weight: number }>()
  let down = false
  let checking = false
  new Gauge({
    name: "berth_http_streams_open",
    help: "Open event streams and WebSockets.",
    registers: [parts.metrics],
    collect() {
      this.set(open.size)
    },
  })

  async function recheck(): Promise<void> {
    if (checking || open.size === 0) return
    checking = true
    try {
      const entries = [...open]
      const valid = await parts.identity.stillValid(entries.map(([, { authentication }]) => authentication))
      for (const [index, [controller]] of entries.entries()) if (valid[index] !== true) end(controller, "signed_out")
    } catch (error) {
      parts.log.warn({ err: error }, "could not check the sign-ins behind open streams")
    } finally {
      checking = false
    }
  }

  function end(controller: AbortController, reason: EndReason): void {
    if (open.delete(controller)) controller.abort(reason)
  }

  const timer = setInterval(() => void recheck(), limits.recheck_ms)
  timer.unref()

  return {
    recheck,
    open(authentication, weight = 1) {
      const busy = { retryAfter_s: 5 }
      if (down) throw new AppError("unavailable", "This replica is shutting down.", { retryAfter_s: 1 })
      const all = [...open.values()]
      if (weightOf(all) + weight > limits.total_max)
        throw new AppError("unavailable", "Too many open streams here.", busy)
      const { userId } = authentication.principal
      const own = weightOf(all.filter((one) => one.authentication.principal.userId === userId))
      if (own + weight > limits.perUser_max) {
        throw new AppError("limit_reached", `You follow ${own} things, and ${limits.perUser_max} is the limit.`, busy)
      }
      const controller = new AbortController()
      open.set(controller, { authentication, weight })
      return { signal: controller.signal, end: (reason) => end(controller, reason) }
    },
    shutdown() {
      down = true
      clearInterval(timer)
      for (const controller of [...open.keys()]) end(controller, "shutdown")
    },
  }
}

function weightOf(streams: readonly { readonly weight: number }[]): number {
  return streams.reduce((sum, { weight }) => sum + weight, 0)
}
