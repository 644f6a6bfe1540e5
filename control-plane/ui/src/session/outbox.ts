import { type Api, ApiError, mayPass, messageOf } from "../api/client.ts"
import type { Outgoing } from "../transcript/rows/UserRow.tsx"

export interface Outbox {
  snapshot(): readonly Outgoing[]
  subscribe(listener: () => void): () => void
  send(text: string): void
  /** Sends one again, now. The same id, so nothing arrives twice. */
  retry(id: string): void
  /** The connection is back: what waits because nobody answered is sent now, what was told to wait longer is not. */
  reconnected(): void
  /** Takes one back. False when it is too late: it is on its way, or stored. */
  discard(id: string): boolean
  /** Forgets those that have arrived. */
  arrived(ids: ReadonlySet<string>): void
  /** Another tab has sent or discarded it. */
  goneElsewhere(id: string): void
  close(): void
}

/** What is kept of unsent prompts in this browser, each under a key of its own: tabs share it. */
export interface OutboxStorage {
  readonly kept: readonly Outgoing[]
  keep(item: Outgoing): void
  forget(id: string): void
}

export interface OutboxOptions {
  readonly api: Api
  readonly sessionId: string
  readonly newId: () => string
  readonly storage: OutboxStorage
  readonly now: () => number
}

/** `first` to `max` where the server does not say when to try again; `askedMax` is as long as it is believed. */
const PAUSE_MS = { first: 1_000, max: 30_000, askedMax: 600_000 } as const

interface Pause {
  readonly until: number
  readonly tries: number
  /** The server named the time: it holds whatever happens to the connection. */
  readonly asked: boolean
}

const NO_PAUSE: Pause = { until: 0, tries: 0, asked: false }

/**
 * Prompts on their way to the server, one after the other so that their order holds. None is lost by a reload. One that
 * was not accepted is tried again after the pause that the server asks for, or after 1 s, doubling to 30 s.
 */
export function createOutbox(options: OutboxOptions): Outbox {
  return new Sender(options)
}

class Sender implements Outbox {
  readonly #options: OutboxOptions
  readonly #listeners = new Set<() => void>()
  #items: readonly Outgoing[]
  #inFlight: string | null = null
  #pause = NO_PAUSE
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
    const kept = options.storage.kept.toSorted((a, b) => a.at - b.at)
    this.#items = kept.map((item) => ({ ...item, state: "waiting" }))
    // Not at once: a page that is closed again before it was shown sends nothing.
    this.#timer = setTimeout(() => this.#work(), 0)
  }

  // Both are handed to React as they are.
  readonly snapshot = (): readonly Outgoing[] => this.#items
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  send(text: string): void {
    const { newId, now, storage } = this.#options
    const at = Math.max(now(), (this.#items.at(-1)?.at ?? 0) + 1)
    const item: Outgoing = { id: newId(), text, state: "sending", error: null, at }
    storage.keep(item)
    this.#set([...this.#items, item])
    this.reconnected()
  }

  readonly retry = (id: string): void => {
    this.#patch(id, { state: "sending", error: null })
    // Asked for by a person: the server says again if it is too early.
    this.#pause = { ...this.#pause, until: 0 }
    this.#work()
  }

  reconnected(): void {
    if (!this.#pause.asked) this.#pause = { ...this.#pause, until: 0 }
    this.#work()
  }

  discard(id: string): boolean {
    const item = this.#items.find((one) => one.id === id)
    if (!item || item.state === "stored" || this.#inFlight === id) return false
    this.#drop((one) => one.id === id)
    this.#work()
    return true
  }

  arrived(ids: ReadonlySet<string>): void {
    if (this.#items.some((item) => ids.has(item.id))) this.#drop((item) => ids.has(item.id))
  }

  readonly goneElsewhere = (id: string): void => {
    if (this.#inFlight !== id) this.#drop((item) => item.id === id && item.state !== "stored")
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  #set(items: readonly Outgoing[]): void {
    this.#items = items
    for (const listener of this.#listeners) listener()
  }

  #patch(id: string, change: Partial<Outgoing>): void {
    this.#set(this.#items.map((item) => (item.id === id ? { ...item, ...change } : item)))
  }

  #drop(isDropped: (item: Outgoing) => boolean): void {
    for (const item of this.#items) if (isDropped(item)) this.#options.storage.forget(item.id)
    this.#set(this.#items.filter((item) => !isDropped(item)))
  }

  /** Sends what is next, or waits until it may. */
  #work(): void {
    clearTimeout(this.#timer)
    if (this.#closed || this.#inFlight !== null) return
    const next = this.#items.find((item) => item.state === "sending" || item.state === "waiting")
    if (!next) return
    const wait_ms = this.#pause.until - this.#options.now()
    if (wait_ms <= 0) void this.#post(next)
    else this.#timer = setTimeout(() => this.#work(), wait_ms)
  }

  async #post({ id, text }: Outgoing): Promise<void> {
    const { api, sessionId, storage } = this.#options
    this.#inFlight = id
    this.#patch(id, { state: "sending" })
    const path = `sessions/${encodeURIComponent(sessionId)}/messages`
    try {
      await api.request(path, { method: "POST", body: { id, text } })
      this.#pause = NO_PAUSE
      storage.forget(id)
      this.#patch(id, { state: "stored", error: null })
    } catch (error) {
      this.#failed(id, error)
    }
    this.#inFlight = null
    this.#work()
  }

  #failed(id: string, error: unknown): void {
    if (!mayPass(error)) {
      this.#patch(id, { state: "refused", error: messageOf(error) })
      return
    }
    const answer = error instanceof ApiError && error.status !== 0 ? error : null
    this.#patch(id, { state: "waiting", error: answer === null ? null : messageOf(answer) })
    const { tries } = this.#pause
    const asked_s = answer?.retryAfter_s ?? null
    const pause_ms =
      asked_s === null
        ? Math.min(PAUSE_MS.max, PAUSE_MS.first * 2 ** Math.min(tries, 10))
        : Math.min(PAUSE_MS.askedMax, asked_s * 1000)
    this.#pause = { until: this.#options.now() + pause_ms, tries: tries + 1, asked: asked_s !== null }
  }
}
