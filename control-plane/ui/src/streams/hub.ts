import type { Api } from "../api/client.ts"
import type { Link } from "../api/event-stream.ts"
import { Connection, type Sub } from "./connection.ts"
import { type FromHub, type FromPage, SILENT_PAGE_MS_MAX, type Subscription } from "./protocol.ts"

/** What pages want within this time is asked for with one request. */
const GATHER_MS = 20
/** What nobody wants is followed for so long, in case that somebody wants it again. */
const LINGER_MS = 3_000
/** As many as the API takes. Only the newest are followed beyond that. */
const SESSIONS_MAX = 32

/** A way to one page. */
export interface Port {
  postMessage(message: FromHub): void
  onmessage: ((event: { data: FromPage }) => void) | null
}

interface Page {
  readonly subs: Map<number, Sub>
  /** In milliseconds since the epoch. */
  seenAt: number
}

/**
 * Follows for all pages of a browser what they want, over one connection: a browser opens few connections to one host.
 * When the pages want something else, a second connection is opened, and the first one closed once the second is live,
 * so that nobody misses anything.
 */
export class Hub {
  readonly #api: Api
  readonly #now: () => number
  readonly #pages = new Map<Port, Page>()
  #current: Connection | null = null
  #leaving: Connection | null = null
  #gathering: ReturnType<typeof setTimeout> | undefined
  #lingering: ReturnType<typeof setTimeout> | undefined

  constructor({ api, now }: { api: Api; now: () => number }) {
    this.#api = api
    this.#now = now
  }

  /** Takes what a page says from now on. */
  connect(port: Port): void {
    port.onmessage = ({ data }) => {
      if (data.op === "nudge") this.#current?.nudge()
      else this.#want(port, data.subscriptions)
    }
  }

  #want(port: Port, subscriptions: readonly Subscription[]): void {
    this.#dropSilentPages()
    const page = this.#pages.get(port) ?? { subs: new Map<number, Sub>(), seenAt: 0 }
    page.seenAt = this.#now()
    const keys = new Set(subscriptions.map(({ key }) => key))
    for (const key of page.subs.keys()) if (!keys.has(key)) this.#remove(page, key)
    for (const one of subscriptions) if (!page.subs.has(one.key)) page.subs.set(one.key, subOf(port, one))
    if (page.subs.size === 0) this.#pages.delete(port)
    else this.#pages.set(port, page)
    port.postMessage({ op: "alive" })
    this.#update()
  }

  #remove(page: Page, key: number): void {
    const sub = page.subs.get(key)
    page.subs.delete(key)
    if (sub) for (const connection of [this.#current, this.#leaving]) connection?.forget(sub)
  }

  /** A page that crashed says nothing. */
  #dropSilentPages(): void {
    const oldest = this.#now() - SILENT_PAGE_MS_MAX
    for (const [port, page] of this.#pages) {
      if (page.seenAt >= oldest) continue
      for (const key of [...page.subs.keys()]) this.#remove(page, key)
      this.#pages.delete(port)
    }
  }

  /** Everything that is to be followed. */
  readonly #wanted = (): readonly Sub[] => {
    const subs = [...this.#pages.values()].flatMap((page) => [...page.subs.values()])
    const ids = new Set(subs.flatMap(({ sessionId }) => sessionId ?? []))
    const newest = new Set([...ids].slice(-SESSIONS_MAX))
    return subs.filter(({ sessionId }) => sessionId === null || newest.has(sessionId))
  }

  #update(): void {
    const wanted = this.#wanted()
    const current = this.#current
    const missing = wanted.filter((sub) => !current?.covers(sub))
    for (const sub of wanted) if (current && !missing.includes(sub)) this.#show(sub, current)
    if (missing.length > 0) this.#gathering ??= setTimeout(() => this.#reopen(), GATHER_MS)
    clearTimeout(this.#lingering)
    if (current && (wanted.length === 0 || current.hasMoreThan(wanted))) {
      this.#lingering = setTimeout(() => (wanted.length === 0 ? this.#close() : this.#reopen()), LINGER_MS)
    }
  }

  #reopen(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    if (this.#wanted().length === 0) return
    const before = this.#current
    // One that is not live yet has nothing that would be missed.
    if (before?.link.state === "live") {
      this.#leaving?.close()
      this.#leaving = before
    } else before?.close()
    const connection: Connection = new Connection({
      api: this.#api,
      wanted: this.#wanted,
      // Not before it is the current one: its first word comes while it is made.
      onLink: (link) => queueMicrotask(() => this.#linked(connection, link)),
      onEnded: (subs) => this.#ended(subs, { state: "ended", why: "gone" }),
    })
    this.#current = connection
  }

  #close(): void {
    for (const connection of [this.#current, this.#leaving]) connection?.close()
    this.#current = null
    this.#leaving = null
  }

  #linked(connection: Connection, link: Link): void {
    if (connection === this.#leaving) {
      if (link.state === "live") return
      connection.close()
      this.#leaving = null
    } else if (connection !== this.#current) return
    const current = this.#current
    if (current?.link.state === "ended") {
      const { link: end } = current
      this.#close()
      this.#ended(this.#wanted(), end)
      return
    }
    if (current?.link.state === "live") {
      this.#leaving?.close()
      this.#leaving = null
    }
    this.#update()
  }

  /** Until the new connection is live, the one before counts for those who get all from it. */
  #show(sub: Sub, current: Connection): void {
    const { link } = current.link.state !== "live" && this.#leaving?.covers(sub) ? this.#leaving : current
    if (link.state === "live" || link.state === "lost") sub.show(link)
  }

  #ended(subs: readonly Sub[], link: Link): void {
    for (const page of this.#pages.values()) {
      for (const [key, sub] of page.subs) if (subs.includes(sub)) this.#remove(page, key)
    }
    for (const sub of subs) sub.show(link)
  }
}

function subOf(port: Port, { key, topic }: Subscription): Sub {
  const sub: Sub = {
    sessionId: topic.kind === "list" ? null : topic.id,
    after: topic.kind === "list" ? 0 : topic.after,
    link: { state: "connecting" },
    tell: (told) => port.postMessage({ op: "told", key, told }),
    show(link) {
      if (link.state === sub.link.state) return
      sub.link = link
      port.postMessage({ op: "link", key, link })
    },
  }
  return sub
}
