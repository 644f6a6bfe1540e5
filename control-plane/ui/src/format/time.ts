const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long ago, in the fewest characters: `now`, `4m`, `3h`, `2d`, then the date. */
export function shortAgo(at: number, now: number): string {
  const age = Math.max(0, now - at)
  if (age < MINUTE_MS) return "now"
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)}m`
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)}h`
  if (age < 7 * DAY_MS) return `${Math.floor(age / DAY_MS)}d`
  return shortDay(at, now)
}

/** How long ago, to stand in a sentence: `just now`, `4m ago`, `on 3 Mar`. */
export function ago(at: number, now: number): string {
  const words = shortAgo(at, now)
  if (words === "now") return "just now"
  return now - at < 7 * DAY_MS ? `${words} ago` : `on ${words}`
}

/** A day in the fewest characters: `3 Mar`, with the year when it is another one. */
export function shortDay(at: number, now: number): string {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return (sameYear ? DAY : DAY_AND_YEAR).format(at)
}

// Made once: making one takes longer than using it a hundred times.
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" })
const DAY_AND_YEAR = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" })
const FULL = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" })

/** Date and time in full, for titles. */
export function fullTime(at: number): string {
  return FULL.format(at)
}

/** A length of time: `420 ms`, `3.2 s`, `42 s`, `2 m 05 s`, `1 h 04 m`. */
export function duration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} m ${pad(Math.floor((ms % MINUTE_MS) / SECOND_MS))} s`
  return `${Math.floor(ms / HOUR_MS)} h ${pad(Math.floor((ms % HOUR_MS) / MINUTE_MS))} m`
}

function pad(value: number): string {
  return String(value).padStart(2, "0")
}
