import { type Api, ApiError } from "./client.ts"
import { createSseParser, type ServerEvent } from "./sse.ts"

/** Where a stream stands. `lost` since a time, in milliseconds since the epoch. */
export type Link =
  | { readonly state: "connecting" | "live" | "paused" }
  | { readonly state: "lost"; readonly since: number }
  | { readonly state: "ended"; readonly why: "gone" | "unauthenticated" }

export interface EventStreamOptions {
  readonly api: Api
  /** Path and headers of the next attempt: where to go on from is known only then. */
  readonly next: () => { path: string; headers?: Readonly<Record<string, string>> }
  readonly onEvent: (event: ServerEvent) => void
  readonly onLink: (link: Link) => void
  readonly now?: () => number
  readonly random?: () => number
  /** Nothing at all for this long, not even a comment, is a dead connection. */
  readonly silence_ms?: number
  readonly retry_ms_min?: number
  readonly retry_ms_max?: number
}

export interface EventStream {
  /** Tries at once instead of when the pause is over. No effect while it is live. */
  nudge(): void
  /** Closes the connection until `resume`. */
  pause(): void
  resume(): void
  close(): void
}

/**
 * Follows a stream until it is closed or there is nothing to follow (401, 403, 404). A stream that ends or falls silent
 * is opened again, at first at once, then after growing pauses.
 */
export function openEventStream(options: EventStreamOptions): EventStream {
  return new Follower(options)
}

const SILENCE_MS = 45_000
const RETRY_MS_MIN = 300
const RETRY_MS_MAX = 10_000

class Follower implements EventStream {
  readonly #options: EventStreamOptions
  #attempt: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #lostSince: number | null = null
  #stopped: "paused" | "closed" | null = null
  #retry_ms_min: number

  constructor(options: EventStreamOptions) {
    this.#options = options
    this.#retry_ms_min = options.retry_ms_min ?? RETRY_MS_MIN
    options.onLink({ state: "connecting" })
    void this.#connect()
  }

  nudge(): void {
    if (this.#stopped === null && this.#lostSince !== null) this.#schedule(0)
  }

  pause(): void {
    if (this.#stopped !== null) return
    this.#stopped = "paused"
    this.#disconnect()
    this.#options.onLink({ state: "paused" })
  }

  resume(): void {
    if (this.#stopped !== "paused") return
    this.#stopped = null
    this.#options.onLink({ state: "connecting" })
    this.#schedule(0)
  }

  close(): void {
    this.#stopped = "closed"
    this.#disconnect()
  }

  #disconnect(): void {
    clearTimeout(this.#timer)
    const old = this.#attempt
    this.#attempt = null
    old?.abort()
  }

  #schedule(wait_ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#connect(), wait_ms)
  }

  async #connect(): Promise<void> {
    this.#disconnect()
    const mine = new AbortController()
    this.#attempt = mine
    const watchdog = new Watchdog(this.#options.silence_ms ?? SILENCE_MS, () => mine.abort())
    try {
      const { path, headers } = this.#options.next()
      const sent = { ...headers, accept: "text/event-stream" }
      const response = await this.#options.api.open(path, { headers: sent, signal: mine.signal })
      this.#lostSince = null
      this.#options.onLink({ state: "live" })
      await this.#read(response, watchdog, mine.signal)
      if (this.#attempt === mine) this.#broken(null)
    } catch (error) {
      if (this.#attempt === mine) this.#broken(error)
    } finally {
      watchdog.stop()
    }
  }

  async #read(response: Response, watchdog: Watchdog, signal: AbortSignal): Promise<void> {
    const parser = createSseParser(this.#options.onEvent, (ms) => {
      this.#retry_ms_min = Math.min(Math.max(ms, 50), RETRY_MS_MAX)
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (!reader) return
    for (;;) {
      const { done, value } = await reader.read()
      if (done || signal.aborted) return
      watchdog.feed()
      this.#failures = 0
      parser.push(value)
    }
  }

  #broken(error: unknown): void {
    const { now = Date.now, random = Math.random, onLink } = this.#options
    const status = error instanceof ApiError ? error.status : 0
    if (status === 401 || status === 403 || status === 404) {
      this.#stopped = "closed"
      onLink({ state: "ended", why: status === 401 ? "unauthenticated" : "gone" })
      return
    }
    this.#lostSince ??= now()
    onLink({ state: "lost", since: this.#lostSince })
    const retry_ms_max = this.#options.retry_ms_max ?? RETRY_MS_MAX
    const asked_ms = error instanceof ApiError && error.retryAfter_s !== null ? error.retryAfter_s * 1000 : 0
    const backoff_ms = Math.min(retry_ms_max, this.#retry_ms_min * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    this.#schedule(Math.min(retry_ms_max, Math.max(asked_ms, backoff_ms * (0.5 + random() / 2))))
  }
}

/** Barks once nobody has fed it for a while. */
class Watchdog {
  readonly #wait_ms: number
  readonly #bark: () => void
  #timer: ReturnType<typeof setTimeout>

  constructor(wait_ms: number, bark: () => void) {
    this.#wait_ms = wait_ms
    this.#bark = bark
    this.#timer = setTimeout(bark, wait_ms)
  }

  feed(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#bark, this.#wait_ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
