import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto"
import { randomToken, type Secret } from "../../crypto/index.ts"
import type { Clock } from "../../time/index.ts"
import { cookieValues } from "../logins/cookie.ts"

const LIFE_S = 180 * 24 * 3_600
/** Accounts that one browser is known for: the newest stay. */
const ACCOUNTS_MAX = 4
/** `<random id>.<end, seconds since the epoch in base 36>.<HMAC-SHA256>` */
const ENTRY = /^([\w-]{22})\.([0-9a-z]{1,9})\.([\w-]{43})$/

/**
 * A browser that signed in to an account before, as OWASP's device cookies have it: others' wrong passwords must not keep
 * it out. The cookie proves nothing else, and its browser has limits of its own.
 */
export interface KnownBrowsers {
  /** The id under which this browser is known for the account; null when it is not. */
  idOf(cookieHeader: string | undefined, subject: string): string | null
  /** `Set-Cookie` that makes it known for the account, beside those it is known for already. */
  remember(cookieHeader: string | undefined, subject: string): string
}

/** Known browsers under a key that is derived from the cookie secret. */
export function createKnownBrowsers(parts: { cookieSecret: Secret; clock: Clock; tls: boolean }): KnownBrowsers {
  const { clock, tls } = parts
  // A key of its own: what is signed here can never pass for anything else that the same secret protects.
  const key = Buffer.from(hkdfSync("sha256", parts.cookieSecret.reveal(), "", "berth known browser v1", 32))
  const name = tls ? "__Host-berth-known" : "berth-local-known"
  const now_s = () => Math.floor(clock.now() / 1_000)
  const mac = (id: string, end: string, subject: string) =>
    createHmac("sha256", key).update(`${id}\n${end}\n${subject}`).digest()

  function entriesOf(header: string | undefined): string[] {
    const values = cookieValues(header, name)
    return values.length === 1 ? (values[0] ?? "").split("~").slice(0, ACCOUNTS_MAX) : []
  }
  function idIn(entry: string, subject: string): string | null {
    const [, id, end, given] = ENTRY.exec(entry) ?? []
    if (id === undefined || end === undefined || given === undefined) return null
    if (Number.parseInt(end, 36) <= now_s()) return null
    return timingSafeEqual(Buffer.from(given, "base64url"), mac(id, end, subject)) ? id : null
  }

  return {
    idOf: (header, subject) =>
      entriesOf(header)
        .map((entry) => idIn(entry, subject))
        .find((id) => id !== null) ?? null,
    remember(header, subject) {
      const id = randomToken().slice(0, 22)
      const end = (now_s() + LIFE_S).toString(36)
      const others = entriesOf(header).filter((entry) => ENTRY.test(entry) && idIn(entry, subject) === null)
      const entry = `${id}.${end}.${mac(id, end, subject).toString("base64url")}`
      const value = [entry, ...others].slice(0, ACCOUNTS_MAX).join("~")
      return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${tls ? "; Secure" : ""}; Max-Age=${LIFE_S}`
    },
  }
}
