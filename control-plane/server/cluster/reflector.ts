import type { Logger } from "pino"
import { AppError, isAppError } from "../errors/index.ts"
import type { Clock } from "../time/index.ts"
import { readLines } from "./lines.ts"
import type { KubernetesStatus, Rest } from "./rest.ts"
import type { Named, ViewStore } from "./view.ts"

export interface ReflectorLimits {
  readonly listPage: number
  /** Without a byte for this long the watch counts as dead. The API server sends a bookmark once a minute. */
  readonly idle_ms: number
  /** A watch ends by itself after a random time between these two. */
  readonly watchMin_s: number
  readonly watchMax_s: number
  /** After this long a complete list is read again, whatever the watch said. */
  readonly relist_ms: number
  readonly backoffMin_ms: number
  readonly backoffMax_ms: number
  /** A watch that lived this long proves the API server healthy. */
  readonly healthy_ms: number
}

const REFLECTOR_LIMITS: ReflectorLimits = {
  listPage: 500,
  idle_ms: 90_000,
  watchMin_s: 240,
  watchMax_s: 480,
  relist_ms: 15 * 60_000,
  backoffMin_ms: 400,
  backoffMax_ms: 10_000,
  healthy_ms: 5_000,
}

export interface ReflectorOptions<T extends Named> {
  readonly rest: Rest
  /** Path of the collection. */
  readonly path: string
  readonly labelSelector: string
  readonly view: ViewStore<T>
  readonly log: Logger
  readonly clock: Clock
  readonly random: () => number
  readonly limits?: Partial<ReflectorLimits>
  readonly signal: AbortSignal
  /** Called once, after the first complete list. */
  readonly listed: () => void
}

/** The watch told that its place in history is gone: only a new list helps. */
class Expired extends Error {}

/**
 * Keeps a view equal to a collection: list, then watch from there, for ever, until the signal aborts. It never gives up
 * and never throws: every error leads to a pause and another try, from the last version seen where that is still possible.
 */
export async function reflect<T extends Named>(options: ReflectorOptions<T>): Promise<void> {
  const limits = { ...REFLECTOR_LIMITS, ...options.limits }
  let version: string | undefined
  let listedAt = 0
  let backoff_ms = limits.backoffMin_ms
  let first = true
  while (!options.signal.aborted) {
    const startedAt = options.clock.now()
    try {
      if (version === undefined || startedAt - listedAt > limits.relist_ms) {
        version = await list(options, limits)
        listedAt = options.clock.now()
        if (first) options.listed()
        first = false
      }
      await watch(options, limits, version, (seen) => {
        version = seen
      })
    } catch (error) {
      if (options.signal.aborted) return
      // A place in history that was never valid, or a refusal: start from what is there.
      if (error instanceof Expired || !isAppError(error, "unavailable")) version = undefined
      options.log.warn({ err: error, path: options.path }, "watch interrupted")
    }
    const healthy = options.clock.now() - startedAt >= limits.healthy_ms
    backoff_ms = healthy ? limits.backoffMin_ms : Math.min(backoff_ms * 2, limits.backoffMax_ms)
    await options.clock.sleep(backoff_ms * (0.5 + options.random() / 2), options.signal).catch(() => undefined)
  }
}

interface List<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly T[]
}

/** Replaces the view by the complete list and returns its version. No `resourceVersion`: a cached list may go back in time. */
async function list<T extends Named>(options: ReflectorOptions<T>, limits: ReflectorLimits): Promise<string> {
  const items: T[] = []
  let next = ""
  for (;;) {
    const page: List<T> = await options.rest.call<List<T>>({
      method: "GET",
      path: options.path,
      query: {
        labelSelector: options.labelSelector,
        limit: String(limits.listPage),
        ...(next === "" ? {} : { continue: next }),
      },
    })
    items.push(...(page.items ?? []))
    next = page.metadata?.continue ?? ""
    if (next !== "") continue
    if (options.signal.aborted) throw new Error("stopped")
    options.view.alive()
    options.view.replace(items)
    return page.metadata?.resourceVersion ?? ""
  }
}

interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR"
  readonly object: T & KubernetesStatus
}

async function watch<T extends Named>(
  options: ReflectorOptions<T>,
  limits: ReflectorLimits,
  version: string,
  seen: (version: string) => void,
): Promise<void> {
  const { watchMin_s, watchMax_s, idle_ms } = limits
  const timeout_s = Math.round(watchMin_s + options.random() * (watchMax_s - watchMin_s))
  const idle = new AbortController()
  const signal = AbortSignal.any([options.signal, idle.signal])
  let timer = setTimeout(() => idle.abort(), idle_ms)
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(() => idle.abort(), idle_ms)
    options.view.alive()
  }
  try {
    const query = {
      watch: "true",
      allowWatchBookmarks: "true",
      labelSelector: options.labelSelector,
      resourceVersion: version,
      timeoutSeconds: String(timeout_s),
    }
    const response = await options.rest.stream({ method: "GET", path: options.path, query }, signal)
    if (response.status !== 200) {
      await response.body.dump().catch(() => undefined)
      throw watchRefused(response.status, `status ${response.status}`)
    }
    alive()
    for await (const line of readLines(response.body, alive)) {
      if (options.signal.aborted) return
      apply(options.view, JSON.parse(line) as WatchEvent<T>, seen)
    }
  } catch (error) {
    if (error instanceof Expired || error instanceof AppError) throw error
    const why = idle.signal.aborted ? `no sign of life for ${idle_ms} ms` : String(error)
    throw new AppError("unavailable", "The watch on the Kubernetes API broke.", { cause: error, detail: why })
  } finally {
    clearTimeout(timer)
    idle.abort()
  }
}

function apply<T extends Named>(view: ViewStore<T>, event: WatchEvent<T>, seen: (version: string) => void): void {
  if (event.type === "ERROR") throw watchRefused(event.object.code ?? 500, event.object.message ?? "unknown")
  if (event.type === "ADDED" || event.type === "MODIFIED") view.put(event.object)
  else if (event.type === "DELETED") view.remove(event.object)
  const version = event.object.metadata?.resourceVersion
  if (version !== undefined) seen(version)
}

function watchRefused(status: number, words: string): Error {
  if (status === 410) return new Expired(words)
  const code = status === 429 || status >= 500 ? "unavailable" : "upstream_refused"
  return new AppError(code, `Kubernetes ended the watch: ${words}`, { detail: `status ${status}` })
}
