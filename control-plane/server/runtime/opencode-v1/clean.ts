/** Reading untrusted JSON. Every function takes anything and returns something safe to store (PostgreSQL `jsonb` too). */

export type Fields = Readonly<Record<string, unknown>>

/** The value as an object, or an empty one. */
export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** At most `items_max` elements of the value when it is a list. */
export function list(value: unknown, items_max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, items_max) : []
}

/**
 * The string, at most `chars_max` UTF-16 units, without NUL and without lone surrogates: `jsonb` refuses both, and one
 * refused string would stop the whole transcript.
 */
export function text(value: unknown, chars_max: number): string | undefined {
  if (typeof value !== "string") return undefined
  const cut = value.length > chars_max ? copy(value.slice(0, chars_max)) : value
  return (cut.includes("\0") ? withoutNul(cut) : cut).toWellFormed()
}

/** `replaceAll` takes 200 ns for each that it finds: 200 ms for a megabyte of them. */
function withoutNul(value: string): string {
  const units = new Uint16Array(value.length)
  for (let at = 0; at < value.length; at++) units[at] = value.charCodeAt(at) || 0xfffd
  return Buffer.from(units.buffer).toString("utf16le")
}

/** A slice keeps all of the string in memory that it was cut from: a kilobyte of it may hold 12 MiB. */
function copy(slice: string): string {
  return Buffer.from(slice).toString()
}

/** Like `text`, keeping the end: what a long-running program printed last matters most. */
export function tail(value: unknown, chars_max: number): string | undefined {
  if (typeof value !== "string") return undefined
  return text(value.length > chars_max ? copy(value.slice(-chars_max)) : value, chars_max)
}

/** At most `items_max` strings of the list. */
export function texts(value: unknown, items_max: number, chars_max: number): string[] {
  return list(value, items_max).flatMap((item) => text(item, chars_max) ?? [])
}

/** A finite number from 0 to `max`. */
export function amount(value: unknown, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  return typeof value === "number" && value >= 0 && value <= max ? value : undefined
}

const YEAR_2100_MS = 4_102_444_800_000

/** Milliseconds since the epoch, before the year 2100. */
export function time(value: unknown): number | undefined {
  const ms = amount(value, YEAR_2100_MS)
  return ms === undefined ? undefined : Math.trunc(ms)
}

const IDS = {
  ses: /^ses_[0-9A-Za-z]{1,60}$/,
  msg: /^msg_[0-9A-Za-z]{1,60}$/,
  prt: /^prt_[0-9A-Za-z]{1,60}$/,
  per: /^per_[0-9A-Za-z]{1,60}$/,
  que: /^que_[0-9A-Za-z]{1,60}$/,
} as const

/** An identifier of the agent: safe in a URL path and of bounded length. */
export function id(value: unknown, prefix: keyof typeof IDS): string | undefined {
  return typeof value === "string" && IDS[prefix].test(value) ? value : undefined
}

const DEPTH_MAX = 8
const ITEMS_MAX = 200

/** A copy of any JSON value that is no deeper than 8, no wider than 200 and holds at most `chars_max` characters. */
export function json(value: unknown, chars_max: number): unknown {
  let left = chars_max
  const copy = (item: unknown, depth: number): unknown => {
    if (left <= 0 || depth > DEPTH_MAX) return null
    if (typeof item === "string") {
      const kept = text(item, left) ?? ""
      left -= kept.length
      return kept
    }
    left -= 8
    if (typeof item === "boolean") return item
    if (typeof item === "number") return Number.isFinite(item) ? item : null
    if (Array.isArray(item)) return list(item, ITEMS_MAX).map((inner) => copy(inner, depth + 1))
    if (typeof item !== "object" || item === null) return null
    // fromEntries defines own properties, so that a key `__proto__` stays data.
    return Object.fromEntries(
      Object.entries(item)
        .slice(0, ITEMS_MAX)
        .map(([key, inner]) => {
          left -= key.length
          return [text(key, 200) ?? "", copy(inner, depth + 1)]
        }),
    )
  }
  return copy(value, 0)
}

/** The object without its undefined members. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
