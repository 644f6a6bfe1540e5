import type { Clock } from "../time/index.ts"

const WINDOW_MS = 60_000
const KEPT_MS = 3_600_000
const LOOK_EVERY_MS = 5_000
const GROUPS_MAX = 10_000
const FOLDED_KEPT_MAX = 20

/** Happenings of which an agent can cause any number. */
export interface Repeats<T> {
  /** One of its kind (`key`) in a group. */
  note(group: string, key: string, facts: T): void
  /** Tells what has been counted and not told. */
  close(): Promise<void>
}

interface Kind<T> {
  readonly facts: T
  /** The last ones of many kinds that are counted as one; null for a kind of its own. */
  readonly folded: Map<string, T> | null
  readonly since: number
  window_ms: number
  /** End of the window. */
  until: number
  /** In this window. */
  told: number
  untold: number
}

interface Limits {
  readonly each_max: number
  readonly kinds_max: number
  readonly window_ms_max: number
}

/**
 * Tells the first `each_max` of a kind at once, and the number of all others when their window is over: a minute first,
 * then twice as long each time, up to `window_ms_max`. Of a group, `kinds_max` kinds are told apart within an hour; what
 * is beyond that counts as one kind, of which the last 20 are told.
 */
export function createRepeats<T>(
  options: Limits & {
    readonly clock: Clock
    /**
     * Never rejects. `untold`: how many more there were since the last telling; 0 for a happening itself. `folded`: the
     * last ones of those that are counted as one kind; empty for a kind of its own.
     */
    readonly tell: (facts: T, untold: number, folded: readonly T[]) => Promise<void>
  },
): Repeats<T> {
  const { clock, tell } = options
  const groups = new Map<string, Map<string, Kind<T>>>()

  function tellUntold(kind: Kind<T>, now: number): Promise<void>[] {
    const untold = endWindow(kind, now, options)
    return untold > 0 ? [tell(kind.facts, untold, takeFolded(kind))] : []
  }

  function look(now: number): Promise<void>[] {
    const telling: Promise<void>[] = []
    for (const [name, group] of groups) {
      for (const [key, kind] of group) {
        telling.push(...tellUntold(kind, now))
        if (kind.told === 0 && now - kind.since >= KEPT_MS) group.delete(key)
      }
      if (group.size === 0) groups.delete(name)
    }
    return telling
  }

  function forget(): Promise<void>[] {
    const telling = look(Number.POSITIVE_INFINITY)
    groups.clear()
    return telling
  }

  function groupOf(name: string): Map<string, Kind<T>> {
    const known = groups.get(name)
    if (known !== undefined) return known
    if (groups.size >= GROUPS_MAX) forget()
    const group = new Map<string, Kind<T>>()
    groups.set(name, group)
    return group
  }

  const timer = setInterval(() => look(clock.now()), LOOK_EVERY_MS)
  timer.unref()
  return {
    note(name, key, facts) {
      const now = clock.now()
      const kind = kindOf(groupOf(name), key, facts, { now, ...options })
      tellUntold(kind, now)
      fold(kind, key, facts)
      if (kind.told >= options.each_max) {
        kind.untold++
        return
      }
      if (kind.told++ === 0) kind.until = now + kind.window_ms
      void tell(kind.facts, 0, takeFolded(kind))
    },
    async close() {
      clearInterval(timer)
      await Promise.all(forget())
    },
  }
}

/** How many were counted in a window that is over; 0 while it is not. */
function endWindow(kind: Kind<unknown>, now: number, { each_max, window_ms_max }: Limits): number {
  if (kind.told === 0 || now < kind.until) return 0
  const { untold } = kind
  kind.window_ms = Math.min(kind.window_ms * 2, window_ms_max)
  kind.until = now + kind.window_ms
  kind.untold = 0
  // What goes on without a pause is told by its number only.
  kind.told = untold > 0 ? each_max : 0
  return untold
}

function fold<T>({ folded }: Kind<T>, key: string, facts: T): void {
  if (folded === null) return
  // Again at the end: a name that came last is among the last ones.
  folded.delete(key)
  folded.set(key, facts)
  const [oldest] = folded.keys()
  if (folded.size > FOLDED_KEPT_MAX && oldest !== undefined) folded.delete(oldest)
}

function takeFolded<T>({ folded }: Kind<T>): readonly T[] {
  const taken = [...(folded?.values() ?? [])]
  folded?.clear()
  return taken
}

function kindOf<T>(
  group: Map<string, Kind<T>>,
  key: string,
  facts: T,
  { now, kinds_max }: { now: number; kinds_max: number },
): Kind<T> {
  const isRest = !group.has(key) && group.size >= kinds_max
  const known = group.get(isRest ? "" : key)
  if (known !== undefined) return known
  const begun = { since: now, window_ms: WINDOW_MS, until: now, told: 0, untold: 0 }
  const kind = { facts, folded: isRest ? new Map<string, T>() : null, ...begun }
  group.set(isRest ? "" : key, kind)
  return kind
}
