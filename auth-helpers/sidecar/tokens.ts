import type { SessionResolver } from "../../pod-protocol/index.ts"

// A token is replaced when this part of its time is left, so that no request waits for a helper.
const REFRESH_PART = 0.2
/** Between two runs after rejections: the agent decides how many requests a provider rejects. */
const AFTER_REJECTION = { first_ms: 10_000, most_ms: 600_000 }
/** After a run that failed, for the same reason: every request would be another run. */
const AFTER_FAILURE = { first_ms: 2_000, most_ms: 60_000 }

/** What helpers printed, in memory only. */
export interface Tokens {
  /**
   * A token that has not expired: the last good one, while a new one is fetched ahead of its end. One run at a time, and
   * none for a moment after one that failed.
   * @throws what the helper's last run threw, when there is no good one.
   */
  get(resolver: SessionResolver): Promise<string>
  /**
   * An upstream did not take it: the next `get` runs the helper. After another rejection within twice the last pause it
   * does so after 10 s, then 20 s and so on; until then the token is used as it is.
   */
  reject(resolver: SessionResolver, token: string): void
}

interface Entry {
  token: string | null
  refreshAt: number
  expiresAt: number
  running: Promise<string> | null
  failure: unknown
  readonly failed: Pause
  readonly rejected: Pause
}

/** Runs helpers when they are needed and keeps what they print for their `ttl_ms`. */
export function createTokens(options: {
  run: (resolver: SessionResolver) => Promise<string>
  now: () => number
}): Tokens {
  const { run, now } = options
  const entries = new Map<string, Entry>()
  function entryOf(resolver: SessionResolver): Entry {
    // A changed profile is another helper, whatever its name.
    const key = JSON.stringify(resolver)
    const known = entries.get(key)
    if (known !== undefined) return known
    const pauses = { failed: new Pause(AFTER_FAILURE), rejected: new Pause(AFTER_REJECTION) }
    const entry = { token: null, refreshAt: 0, expiresAt: 0, running: null, failure: null, ...pauses }
    entries.set(key, entry)
    return entry
  }
  async function fetchInto(entry: Entry, resolver: SessionResolver): Promise<string> {
    try {
      const token = await run(resolver)
      entry.token = token
      entry.expiresAt = now() + resolver.ttl_ms
      entry.refreshAt = entry.expiresAt - resolver.ttl_ms * REFRESH_PART
      entry.failed.end()
      return token
    } catch (error) {
      entry.failure = error
      entry.failed.begin(now())
      throw error
    } finally {
      entry.running = null
    }
  }
  async function refresh(entry: Entry, resolver: SessionResolver): Promise<string> {
    if (entry.running === null && !entry.failed.isOver(now())) throw entry.failure
    entry.running ??= fetchInto(entry, resolver)
    return await entry.running
  }
  return {
    async get(resolver) {
      const entry = entryOf(resolver)
      if (entry.token === null || now() >= entry.expiresAt) return await refresh(entry, resolver)
      if (now() >= entry.refreshAt) refresh(entry, resolver).catch(() => {})
      return entry.token
    },
    reject(resolver, token) {
      const entry = entryOf(resolver)
      if (entry.token !== token || !entry.rejected.isOver(now())) return
      entry.expiresAt = 0
      entry.rejected.begin(now())
    },
  }
}

/** A wait that doubles each time it begins again soon after its end. */
class Pause {
  readonly #first_ms: number
  readonly #most_ms: number
  #last_ms = 0
  #until = Number.NEGATIVE_INFINITY

  constructor({ first_ms, most_ms }: { readonly first_ms: number; readonly most_ms: number }) {
    this.#first_ms = first_ms
    this.#most_ms = most_ms
  }

  isOver(now: number): boolean {
    return now >= this.#until
  }

  begin(now: number): void {
    const isSoon = now - this.#until < this.#last_ms
    this.#last_ms = isSoon ? Math.min(this.#last_ms * 2, this.#most_ms) : this.#first_ms
    this.#until = now + this.#last_ms
  }

  end(): void {
    this.#last_ms = 0
    this.#until = Number.NEGATIVE_INFINITY
  }
}
