import type { Clock } from "../../time/index.ts"
import { isPathOfHost } from "./operation.ts"

const KEPT_MS = 3_600_000
const KEPT_MAX = 1_000

/**
 * Where a host has moved a repository to. git's first request is redirected and followed here; the pack that it posts
 * next cannot be sent twice, so it goes to the new place directly.
 */
export interface Redirects {
  find(sessionId: string, origin: string, prefix: string): string
  remember(sessionId: string, origin: string, prefix: string, movedTo: string): void
}

/** In this process's memory only: another replica finds out by itself. */
export function createRedirects(clock: Clock): Redirects {
  const moved = new Map<string, { prefix: string; until: number }>()
  const keyOf = (...parts: string[]) => parts.join(" ")
  return {
    find(sessionId, origin, prefix) {
      const entry = moved.get(keyOf(sessionId, origin, prefix))
      return entry !== undefined && entry.until > clock.now() ? entry.prefix : prefix
    },
    remember(sessionId, origin, prefix, movedTo) {
      if (moved.size >= KEPT_MAX) moved.clear()
      moved.set(keyOf(sessionId, origin, prefix), { prefix: movedTo, until: clock.now() + KEPT_MS })
    },
  }
}

/**
 * The repository's new path when an answer to `info/refs` redirects within the host; null when the answer leads
 * anywhere else (another host, plain HTTP, something that is not `info/refs`, a path that could be read as a host).
 */
export function movedPrefix(location: string | undefined, asked: URL): string | null {
  if (location === undefined || !URL.canParse(location, asked.href)) return null
  const next = new URL(location, asked)
  if (next.origin !== asked.origin || next.username !== "" || !next.pathname.endsWith("/info/refs")) return null
  const prefix = next.pathname.slice(0, -"/info/refs".length)
  return isPathOfHost(prefix) ? prefix : null
}
