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
  const now = options.now ?? Date.now
  const random = options.random ?? Math.random
  const silence_ms = options.silence_ms ?? 45_000
  const retry_ms_max = options.retry_ms_max ?? 10_000
  let retry_ms_min = options.retry_ms_min ?? 300
  let attempt: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let lostSince: number | null = null
  let stopped: "paused" | "closed" | null = null

  function schedule(wait_ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(connect, wait_ms)
  }

  function broken(error: unknown): void {
    if (stopped !== null) return
    const status = error instanceof ApiError ? error.status : 0
    if (status === 401 || status === 403 || status === 404) {
      stopped = "closed"
      options.onLink({ state: "ended", why: status === 401 ? "unauthenticated" : "gone" })
      return
    }
    lostSince ??= now()
    options.onLink({ state: "lost", since: lostSince })
    const asked_ms = error instanceof ApiError && error.retryAfter_s !== null ? error.retryAfter_s * 1000 : 0
    const backoff_ms = Math.min(retry_ms_max, retry_ms_min * 2 ** Math.min(failures, 10))
    failures += 1
    schedule(Math.min(retry_ms_max, Math.max(asked_ms, backoff_ms * (0.5 + random() / 2))))
  }

  async function connect(): Promise<void> {
    clearTimeout(timer)
    const mine = new AbortController()
    const before = attempt
    attempt = mine
    before?.abort()
    let watchdog = setTimeout(() => mine.abort(), silence_ms)
    const alive = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(() => mine.abort(), silence_ms)
    }
    try {
      const { path, headers } = options.next()
      const response = await options.api.open(path, {
        headers: { ...headers, accept: "text/event-stream" },
        signal: mine.signal,
      })
      lostSince = null
      options.onLink({ state: "live" })
      await read(response, alive, mine.signal)
      broken(null)
    } catch (error) {
      if (attempt === mine) broken(error)
    } finally {
      clearTimeout(watchdog)
    }
  }

  async function read(response: Response, alive: () => void, signal: AbortSignal): Promise<void> {
    const parser = createSseParser(options.onEvent, (ms) => {
      retry_ms_min = Math.min(Math.max(ms, 50), retry_ms_max)
    })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (!reader) return
    for (;;) {
      const { done, value } = await reader.read()
      if (done || signal.aborted) return
      alive()
      failures = 0
      parser.push(value)
    }
  }

  function disconnect(): void {
    clearTimeout(timer)
    const old = attempt
    attempt = null
    old?.abort()
  }

  options.onLink({ state: "connecting" })
  void connect()
  return {
    nudge() {
      if (stopped === null && lostSince !== null) schedule(0)
    },
    pause() {
      if (stopped !== null) return
      stopped = "paused"
      disconnect()
      options.onLink({ state: "paused" })
    },
    resume() {
      if (stopped !== "paused") return
      stopped = null
      options.onLink({ state: "connecting" })
      schedule(0)
    },
    close() {
      stopped = "closed"
      disconnect()
    },
  }
}
