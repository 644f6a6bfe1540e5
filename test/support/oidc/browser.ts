/** Follows redirections and keeps cookies by origin, as far as a sign-in needs it. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** Where one ends up, and the answer there; or the first address that `stopAt` is true of, without asking it. */
  async go(
    address: string,
    stopAt: (url: URL) => boolean = () => false,
  ): Promise<{ url: URL; response: Response | null }> {
    let url = new URL(address)
    for (let hops = 0; hops < 15; hops += 1) {
      if (stopAt(url)) return { url, response: null }
      const response = await fetch(url, { redirect: "manual", headers: { cookie: this.cookieOf(url.origin) } })
      this.#keep(url.origin, response.headers.getSetCookie())
      const location = response.headers.get("location")
      if (location === null) return { url, response }
      await response.body?.cancel()
      url = new URL(location, url)
    }
    throw new Error("too many redirections")
  }

  cookieOf(origin: string): string {
    return [...(this.#cookies.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ")
  }

  /** Puts the cookies of an origin aside, for a second use. */
  copyOf(origin: string): Browser {
    const copy = new Browser()
    copy.#cookies.set(origin, new Map(this.#cookies.get(origin)))
    return copy
  }

  #keep(origin: string, lines: readonly string[]): void {
    const jar = this.#cookies.get(origin) ?? new Map<string, string>()
    this.#cookies.set(origin, jar)
    for (const line of lines) {
      const [pair = "", ...attributes] = line.split(";")
      const equals = pair.indexOf("=")
      const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
      const gone = attributes.some((attribute) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute))
      if (gone || value === "") jar.delete(name)
      else jar.set(name, value)
    }
  }
}
