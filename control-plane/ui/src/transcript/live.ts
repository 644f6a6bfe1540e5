import { type Api, ApiError, mayPass, messageOf, query } from "../api/client.ts"
import type { EventStream, Link } from "../api/event-stream.ts"
import type { AgentRequest, Page, SessionEvent, SessionView } from "../api/types.ts"
import type { Told } from "../streams/protocol.ts"
import type { Streams } from "../streams/streams.ts"
import {
  applyEvents,
  EMPTY,
  type HistoryPage,
  loadHistory,
  loadOlder,
  loadRequests,
  loadSession,
  type TranscriptState,
} from "./state.ts"

const PAGE_MESSAGES = 100
/** Of one turn of the event loop: a burst must not make the page stutter. */
const EVENTS_AT_ONCE_MAX = 400
/** Between attempts to read the history, while the server has trouble that passes. */
const REREAD_MS = { first: 1_000, max: 10_000 } as const

export interface LiveSnapshot {
  readonly state: TranscriptState
  readonly link: Link
  /** The history has been read at least once. */
  readonly ready: boolean
  /** Why it could not be read. */
  readonly error: ApiError | null
  readonly loadingOlder: boolean
  /** The last attempt to read older messages failed: nobody tries again by themselves. */
  readonly olderFailed: boolean
}

export interface LiveSession {
  readonly id: string
  snapshot(): LiveSnapshot
  subscribe(listener: () => void): () => void
  loadOlder(): Promise<void>
  /** Takes over the answer of a write to the session. */
  take(session: SessionView): void
  /** Reads the history again, after a failure. */
  reload(): void
  nudge(): void
  pause(): void
  resume(): void
  close(): void
}

export interface LiveOptions {
  readonly api: Api
  readonly streams: Streams
  readonly id: string
  /** What is known already, to paint at once. */
  readonly session: SessionView | null
  /** Runs a flush soon; once a frame is right. Returns nothing and must not run it at once. */
  readonly schedule: (flush: () => void) => void
}

/** One session, kept in step with the server from opening to closing. */
export function openLiveSession(options: LiveOptions): LiveSession {
  return new Live(options)
}

class Live implements LiveSession {
  readonly id: string
  readonly #api: Api
  readonly #streams: Streams
  readonly #path: string
  readonly #schedule: LiveOptions["schedule"]
  readonly #listeners = new Set<() => void>()
  #current: LiveSnapshot
  #stream: EventStream | null = null
  #inbox: SessionEvent[] = []
  #flushing = false
  #reading: AbortController | null = null
  #closed = false
  #paused = false
  #again: ReturnType<typeof setTimeout> | undefined
  #failures = 0

  constructor({ api, streams, id, session, schedule }: LiveOptions) {
    this.id = id
    this.#api = api
    this.#streams = streams
    this.#path = `sessions/${encodeURIComponent(id)}`
    this.#schedule = schedule
    const link = { state: "connecting" } as const
    this.#current = {
      state: { ...EMPTY, session },
      link,
      ready: false,
      error: null,
      loadingOlder: false,
      olderFailed: false,
    }
    void this.#read()
  }

  // Both are handed to React as they are.
  readonly snapshot = (): LiveSnapshot => this.#current
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  readonly take = (session: SessionView): void => this.#set({ state: loadSession(this.#current.state, session) })
  readonly reload = (): void => void this.#read()
  readonly nudge = (): void => {
    if (this.#again === undefined) this.#stream?.nudge()
    else void this.#read()
  }

  pause(): void {
    this.#paused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#stream?.resume()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#again)
    this.#reading?.abort()
    this.#stream?.close()
  }

  async loadOlder(): Promise<void> {
    const before = this.#current.state.olderCursor
    if (before === null || this.#current.loadingOlder) return
    this.#set({ loadingOlder: true, olderFailed: false })
    try {
      const page = await this.#api.request<HistoryPage>(
        `${this.#path}/messages${query({ before, limit: PAGE_MESSAGES })}`,
      )
      const { state } = this.#current
      if (state.olderCursor === before) this.#set({ state: loadOlder(state, page) })
      this.#set({ loadingOlder: false })
    } catch {
      this.#set({ loadingOlder: false, olderFailed: true })
    }
  }

  #set(patch: Partial<LiveSnapshot>): void {
    if (this.#closed) return
    this.#current = { ...this.#current, ...patch }
    for (const listener of this.#listeners) listener()
  }

  /** History first, then what must not be older than it, then the events since. */
  async #read(): Promise<void> {
    this.#reading?.abort()
    clearTimeout(this.#again)
    this.#again = undefined
    const mine = new AbortController()
    this.#reading = mine
    const { signal } = mine
    this.#stream?.close()
    this.#inbox = []
    const get = <Answer>(path: string) => this.#api.request<Answer>(`${this.#path}${path}`, { signal })
    try {
      if (!this.#current.state.session) this.take(await get<SessionView>(""))
      const page = await get<HistoryPage>(`/messages${query({ limit: PAGE_MESSAGES })}`)
      const before = this.#current.state.requests
      this.#set({ state: loadHistory(this.#current.state, page), ready: true, error: null })
      this.#follow()
      const [fresh, requests] = await Promise.all([get<SessionView>(""), get<Page<AgentRequest>>("/requests")])
      this.#set({ state: loadSession(loadRequests(this.#current.state, requests.items, before), fresh) })
      this.#failures = 0
    } catch (error) {
      if (signal.aborted || this.#closed) return
      const unexpected = () => new ApiError({ status: 0, code: "unexpected", message: messageOf(error) })
      this.#set({ error: error instanceof ApiError ? error : unexpected() })
      if (mayPass(error)) this.#readAgain()
    }
  }

  #readAgain(): void {
    const wait_ms = Math.min(REREAD_MS.max, REREAD_MS.first * 2 ** this.#failures)
    this.#failures += 1
    this.#again = setTimeout(() => void this.#read(), wait_ms)
  }

  #follow(): void {
    this.#stream = this.#streams.follow({
      // Events that arrived but wait for their frame count as received.
      topic: () => ({ kind: "session", id: this.id, after: this.#inbox.at(-1)?.seq ?? this.#current.state.lastSeq }),
      onTold: (told) => this.#receive(told),
      // What failed while there was no connection is worth another try now that there is one.
      onLink: (link) => {
        const mended = link.state === "live" && this.#current.link.state === "lost"
        this.#set(mended ? { link, olderFailed: false } : { link })
      },
    })
    // Paused while the history was being read: nobody looks.
    if (this.#paused) this.#stream.pause()
  }

  #receive(told: Told): void {
    if (told.kind === "reset") void this.#read()
    if (told.kind !== "change") return
    this.#inbox.push({ seq: told.seq, change: told.change })
    this.#requestFlush()
  }

  #requestFlush(): void {
    if (this.#flushing || this.#closed) return
    this.#flushing = true
    this.#schedule(() => this.#flush())
  }

  #flush(): void {
    this.#flushing = false
    const events = this.#inbox.slice(0, EVENTS_AT_ONCE_MAX)
    this.#inbox = this.#inbox.slice(EVENTS_AT_ONCE_MAX)
    this.#set({ state: applyEvents(this.#current.state, events) })
    if (this.#current.state.outOfStep) void this.#read()
    else if (this.#inbox.length > 0) this.#requestFlush()
  }
}
