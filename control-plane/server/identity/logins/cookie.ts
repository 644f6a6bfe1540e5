/** 256 bits as base64url. Anything else in the cookie is not ours and is not looked up. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/

/**
 * The cookie that carries a login. `__Host-` makes browsers refuse it from other hosts, without Secure and with another
 * path, so no neighbour can plant one; without TLS they would refuse it from us too, hence the other name.
 */
export interface LoginCookie {
  readonly name: string
  /** The token in a request's `Cookie` header, or null when there is none or more than one. */
  read(header: string | undefined): string | null
  /** `Set-Cookie` for a new login; `maxAge_s` until its absolute expiry. */
  set(token: string, maxAge_s: number): string
  clear(): string
}

/** The cookie of an installation whose browsers come with TLS, or without. */
export function createLoginCookie(tls: boolean): LoginCookie {
  const name = tls ? "__Host-berth" : "berth-local"
  const attributes = `Path=/; HttpOnly; SameSite=Lax${tls ? "; Secure" : ""}`
  return {
    name,
    read(header) {
      const values = cookieValues(header, name)
      const [value] = values
      return values.length === 1 && value !== undefined && TOKEN.test(value) ? value : null
    },
    set: (token, maxAge_s) => `${name}=${token}; ${attributes}; Max-Age=${maxAge_s}`,
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
  }
}

/** Every value that a `Cookie` header has under this name, in order. */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = []
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=")
    if (equals > 0 && pair.slice(0, equals).trim() === name) values.push(pair.slice(equals + 1).trim())
  }
  return values
}
