import type { Api } from "../api/client.ts"
import { type EventStream, type Link, openEventStream } from "../api/event-stream.ts"
import type { ServerEvent } from "../api/sse.ts"
import type { Change, SessionView } from "../api/types.ts"
import type { Told } from "./protocol.ts"

/** A subscription as the hub keeps it. */
export interface Sub {
  /** Null: the list. */
  readonly sessionId: string | null
  /** Number of the last event that was delivered. */
  after: number
  link: Link
  tell(told: Told): void
  /** Tells the link, if it is another one. */
  show(link: Link): void
}

interface ConnectionOptions {
  readonly api: Api
  /** All that is to be followed, when the connection is made or made again. */
  readonly wanted: () => readonly Sub[]
  readonly onLink: (link: Link) => void
  /** A session is not followed any longer, for all of these. */
  readonly onEnded: (subs: readonly Sub[]) => void
}

/** One stream from the server, and for whom it is. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #stream: EventStream
  /** Who gets what comes: what was missed before they came is not missing. */
  #covered = new Set<Sub>()
  /** Of each session that is followed, the number of the last event that came. */
  #places = new Map<string, number>()
  link: Link = { state: "connecting" }

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#stream = openEventStream({
      api: options.api,
      next: () => ({ path: this.#path() }),
      onEvent: (event) => this.#take(event),
      onLink: (link) => {
        this.link = link
        options.onLink(link)
      },
    })
  }

  /** Whether the subscription gets everything from here. */
  covers(sub: Sub): boolean {
    if (this.#covered.has(sub)) return true
    const place = sub.sessionId === null ? 0 : this.#places.get(sub.sessionId)
    if (place === undefined || sub.after < place) return false
    this.#covered.add(sub)
    return true
  }

  /** Sessions that come, and that none of these wants. */
  hasMoreThan(subs: readonly Sub[]): boolean {
    const ids = new Set(subs.map((sub) => sub.sessionId))
    return [...this.#places.keys()].some((id) => !ids.has(id))
  }

  forget(sub: Sub): void {
    this.#covered.delete(sub)
  }

  nudge(): void {
    this.#stream.nudge()
  }

  close(): void {
    this.#stream.close()
  }

  #path(): string {
    const subs = this.#options.wanted()
    this.#covered = new Set(subs)
    this.#places = new Map()
    for (const { sessionId, after } of subs) {
      if (sessionId !== null) this.#places.set(sessionId, Math.min(after, this.#places.get(sessionId) ?? after))
    }
    const places = [...this.#places].map(([id, after]) => `${encodeURIComponent(id)}:${after}`)
    return places.length === 0 ? "stream" : `stream?sessions=${places.join(",")}`
  }

  #of(sessionId: string | null): Sub[] {
    return [...this.#covered].filter((sub) => sub.sessionId === sessionId)
  }

  #take({ type, data }: ServerEvent): void {
    const value = parse(data)
    if (type === "reset") for (const sub of this.#of(null)) sub.tell({ kind: "reset" })
    else if (value === null) return
    else if (type === "session" || type === "gone") {
      const told = { ...value, kind: type } as unknown as Told & { session?: SessionView }
      for (const sub of this.#of(null)) sub.tell(told)
    } else if (typeof value.sessionId === "string") this.#takeOf(value.sessionId, type, value)
  }

  #takeOf(id: string, type: string, value: Readonly<Record<string, unknown>>): void {
    const subs = this.#of(id)
    if (type === "session.ended") {
      this.#places.delete(id)
      this.#options.onEnded(subs)
      return
    }
    if (type === "session.reread") {
      // Where it goes on is known with the next event.
      this.#places.set(id, Number.POSITIVE_INFINITY)
      for (const sub of subs) {
        this.forget(sub)
        sub.tell({ kind: "reset" })
      }
      return
    }
    const { sessionId: _, seq, ...change } = value
    if (typeof seq !== "number") return
    this.#places.set(id, seq)
    for (const sub of subs) {
      if (seq <= sub.after) continue
      sub.after = seq
      sub.tell({ kind: "change", seq, change: change as unknown as Change })
    }
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
