import type { Clock } from "../time/index.ts"

const WINDOW_MS = 60_000
const KEPT_MS = 3_600_000
const LOOK_EVERY_MS = 5_000
const GROUPS_MAX = 10_000

/** Happenings of which an agent can cause any number. */
export interface Repeats<T> {
  /** One of its kind (`key`) in a group. `rest` stands for it when the group has too many kinds already. */
  note(group: string, key: string, facts: { own: T; rest: T }): void
  /** Tells what has been counted and not told. */
  close(): Promise<void>
}

interface Kind<T> {
  readonly facts: T
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
 * is beyond that counts as one kind.
 */
export function createRepeats<T>(
  options: Limits & {
    readonly clock: Clock
    /** Never rejects. `untold`: how many more there were since the last telling; 0 for a happening itself. */
    readonly tell: (facts: T, untold: number) => Promise<void>
  },
): Repeats<T> {
  const { clock, tell } = options
  const groups = new Map<string, Map<string, Kind<T>>>()

  function tellUntold(kind: Kind<T>, now: number): Promise<void>[] {
    const untold = endWindow(kind, now, options)
    return untold > 0 ? [tell(kind.facts, untold)] : []
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
      if (kind.told >= options.each_max) {
        kind.untold++
        return
      }
      if (kind.told++ === 0) kind.until = now + kind.window_ms
      void tell(kind.facts, 0)
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

function kindOf<T>(
  group: Map<string, Kind<T>>,
  key: string,
  facts: { own: T; rest: T },
  { now, kinds_max }: { now: number; kinds_max: number },
): Kind<T> {
  const isRest = !group.has(key) && group.size >= kinds_max
  const known = group.get(isRest ? "" : key)
  if (known !== undefined) return known
  const begun = { since: now, window_ms: WINDOW_MS, until: now, told: 0, untold: 0 }
  const kind = { facts: isRest ? facts.rest : facts.own, ...begun }
  group.set(isRest ? "" : key, kind)
  return kind
}
