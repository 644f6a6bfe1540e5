import { type Api, ApiError, query } from "../api/client.ts"
import { type EventStream, type Link, openEventStream } from "../api/event-stream.ts"
import type { ServerEvent } from "../api/sse.ts"
import type { AgentRequest, Change, Page, SessionEvent, SessionView } from "../api/types.ts"
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

export interface LiveSnapshot {
  readonly state: TranscriptState
  readonly link: Link
  /** The history has been read at least once. */
  readonly ready: boolean
  /** Why it could not be read. */
  readonly error: ApiError | null
  readonly loadingOlder: boolean
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
  readonly id: string
  /** What is known already, to paint at once. */
  readonly session: SessionView | null
  /** Runs a flush soon; once a frame is right. Returns nothing and must not run it at once. */
  readonly schedule: (flush: () => void) => void
}

/** One session, kept in step with the server from opening to closing. */
export function openLiveSession({ api, id, session, schedule }: LiveOptions): LiveSession {
  const path = `sessions/${encodeURIComponent(id)}`
  const listeners = new Set<() => void>()
  let current: LiveSnapshot = {
    state: { ...EMPTY, session },
    link: { state: "connecting" },
    ready: false,
    error: null,
    loadingOlder: false,
  }
  let stream: EventStream | null = null
  let inbox: SessionEvent[] = []
  let flushing = false
  let reading: AbortController | null = null
  let closed = false

  function set(patch: Partial<LiveSnapshot>): void {
    if (closed) return
    current = { ...current, ...patch }
    for (const listener of listeners) listener()
  }

  function flush(): void {
    flushing = false
    const events = inbox.slice(0, EVENTS_AT_ONCE_MAX)
    inbox = inbox.slice(EVENTS_AT_ONCE_MAX)
    set({ state: applyEvents(current.state, events) })
    if (current.state.outOfStep) void read()
    else if (inbox.length > 0) requestFlush()
  }

  function requestFlush(): void {
    if (flushing || closed) return
    flushing = true
    schedule(flush)
  }

  function onEvent(event: ServerEvent): void {
    if (event.type === "reset") {
      void read()
      return
    }
    const seq = Number(event.id)
    const change = parse<Change>(event.data)
    if (!Number.isSafeInteger(seq) || !change) return
    inbox.push({ seq, change: { ...change, type: event.type } as Change })
    requestFlush()
  }

  function follow(): void {
    stream = openEventStream({
      api,
      next: () => {
        // Events that arrived but wait for their frame count as received.
        const after = inbox.at(-1)?.seq ?? current.state.lastSeq
        return { path: `${path}/events${query({ after })}`, headers: { "last-event-id": String(after) } }
      },
      onEvent,
      onLink: (link) => set({ link }),
    })
  }

  /** History first, then what must not be older than it, then the events since. */
  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    const { signal } = mine
    stream?.close()
    inbox = []
    try {
      if (!current.state.session) set({ state: loadSession(current.state, await api.request(path, { signal })) })
      const page = await api.request<HistoryPage>(`${path}/messages${query({ limit: PAGE_MESSAGES })}`, { signal })
      const before = current.state.requests
      set({ state: loadHistory(current.state, page), ready: true, error: null })
      follow()
      const [fresh, requests] = await Promise.all([
        api.request<SessionView>(path, { signal }),
        api.request<Page<AgentRequest>>(`${path}/requests`, { signal }),
      ])
      set({ state: loadSession(loadRequests(current.state, requests.items, before), fresh) })
    } catch (error) {
      if (signal.aborted || closed) return
      set({
        error:
          error instanceof ApiError ? error : new ApiError({ status: 0, code: "unexpected", message: String(error) }),
      })
    }
  }

  void read()
  return {
    id,
    snapshot: () => current,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async loadOlder() {
      const before = current.state.olderCursor
      if (before === null || current.loadingOlder) return
      set({ loadingOlder: true })
      try {
        const page = await api.request<HistoryPage>(`${path}/messages${query({ before, limit: PAGE_MESSAGES })}`)
        if (current.state.olderCursor === before) set({ state: loadOlder(current.state, page) })
      } finally {
        set({ loadingOlder: false })
      }
    },
    take: (taken) => set({ state: loadSession(current.state, taken) }),
    reload: () => void read(),
    nudge: () => stream?.nudge(),
    pause: () => stream?.pause(),
    resume: () => stream?.resume(),
    close() {
      closed = true
      reading?.abort()
      stream?.close()
    },
  }
}

function parse<Value>(text: string): Value | null {
  try {
    return JSON.parse(text) as Value
  } catch {
    return null
  }
}
