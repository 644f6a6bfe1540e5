import type { SessionResolver } from "../protocol/index.ts"

// A token is replaced when this part of its time is left, so that no request waits for a helper.
const REFRESH_PART = 0.2
const AFTER_FAILURE_MS = 5_000

/** What helpers printed, in memory only. */
export interface Tokens {
  /**
   * A token that has not expired: the last good one, while a new one is fetched ahead of its end. One run at a time.
   * @throws what the helper's run threw, when there is no good one.
   */
  get(resolver: SessionResolver): Promise<string>
  /** An upstream did not take it: the next `get` runs the helper. */
  reject(resolver: SessionResolver, token: string): void
}

interface Entry {
  token: string | null
  refreshAt: number
  expiresAt: number
  /** After a failed refresh the helper is left alone for a moment. */
  notBefore: number
  running: Promise<string> | null
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
    const entry = { token: null, refreshAt: 0, expiresAt: 0, notBefore: 0, running: null }
    entries.set(key, entry)
    return entry
  }
  async function fetchInto(entry: Entry, resolver: SessionResolver): Promise<string> {
    try {
      const token = await run(resolver)
      entry.token = token
      entry.expiresAt = now() + resolver.ttl_ms
      entry.refreshAt = entry.expiresAt - resolver.ttl_ms * REFRESH_PART
      return token
    } catch (error) {
      entry.notBefore = now() + AFTER_FAILURE_MS
      throw error
    } finally {
      entry.running = null
    }
  }
  function refresh(entry: Entry, resolver: SessionResolver): Promise<string> {
    entry.running ??= fetchInto(entry, resolver)
    return entry.running
  }
  return {
    async get(resolver) {
      const entry = entryOf(resolver)
      if (entry.token === null || now() >= entry.expiresAt) return await refresh(entry, resolver)
      if (now() >= entry.refreshAt && now() >= entry.notBefore) refresh(entry, resolver).catch(() => {})
      return entry.token
    },
    reject(resolver, token) {
      const entry = entryOf(resolver)
      if (entry.token === token) entry.expiresAt = 0
    },
  }
}
