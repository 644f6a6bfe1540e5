import type { LoggedEvent } from "./log-store.ts"
import type { SessionEvent } from "./types.ts"

export interface TailLimits {
  readonly events_max: number
  readonly chars_max: number
}

/**
 * The newest events of one session, shared by all its watchers in this process: a ring of bounded size that a watcher
 * reads while it keeps up; one that does not reads PostgreSQL instead.
 */
export class Tail {
  readonly #limits: TailLimits
  #ring: LoggedEvent[] = []
  #chars = 0
  readonly #waiters = new Set<() => void>()
  #gone = false
  /** Number of the newest event; null until it was looked at. */
  head: number | null = null
  watchers = 0

  constructor(limits: TailLimits) {
    this.#limits = limits
  }

  get gone(): boolean {
    return this.#gone
  }

  /** Starts after event `head`. */
  begin(head: number): void {
    this.head = head
    this.#wake()
  }

  /** Adds events that were read after `head`, and wakes the watchers. */
  push(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      // A ring with a hole would lie: start it anew.
      if (this.head !== null && event.seq !== this.head + 1) this.#clear()
      this.#ring.push(event)
      this.#chars += event.chars
      this.head = event.seq
    }
    let surplus = 0
    while (this.#ring.length - surplus > this.#limits.events_max || this.#chars > this.#limits.chars_max) {
      this.#chars -= this.#ring[surplus++]?.chars ?? 0
    }
    if (surplus > 0) this.#ring = this.#ring.slice(surplus)
    this.#wake()
  }

  /** The session's rows are gone. */
  end(): void {
    this.#gone = true
    this.#wake()
  }

  /** Up to `limit` events after `seq`, or null when the ring does not know. */
  after(seq: number, limit: number): readonly SessionEvent[] | null {
    const first = this.#ring[0]?.seq
    if (first === undefined || seq < first - 1 || seq > (this.head ?? 0)) return null
    return this.#ring.slice(seq + 1 - first, seq + 1 - first + limit).map(({ seq, change }) => ({ seq, change }))
  }

  /** Resolves when there is something after `seq`, the session is gone, or the signal aborts. */
  async changed(seq: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#gone || (this.head ?? 0) > seq) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    this.#waiters.add(wake)
    signal.addEventListener("abort", wake, { once: true })
    try {
      await promise
    } finally {
      this.#waiters.delete(wake)
      signal.removeEventListener("abort", wake)
    }
  }

  #clear(): void {
    this.#ring = []
    this.#chars = 0
  }

  #wake(): void {
    for (const resolve of this.#waiters) resolve()
  }
}
