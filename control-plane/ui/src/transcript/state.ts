import type { AgentRequest, Change, Message, SessionEvent, SessionView, TodoItem } from "../api/types.ts"
import { changePart, removePart } from "./parts.ts"
import { todosOf } from "./todos.ts"

export interface Notice {
  readonly seq: number
  readonly level: "info" | "error"
  readonly code: string
  readonly message: string
  /** It was said before this page was opened. */
  readonly past?: true
}

/** Everything about one session that its page shows: the history, brought forward by every event since. */
export interface TranscriptState {
  readonly session: SessionView | null
  /** In the server's order, oldest first. */
  readonly messages: readonly Message[]
  /** Where the page before the oldest message starts; null when all are here. */
  readonly olderCursor: string | null
  readonly requests: readonly AgentRequest[]
  readonly todos: readonly TodoItem[]
  readonly notices: readonly Notice[]
  /** Number of the last event that is contained. */
  readonly lastSeq: number
  readonly deleted: boolean
  /** An event did not fit what is known: the history must be read again. */
  readonly outOfStep: boolean
}

export const EMPTY: TranscriptState = {
  session: null,
  messages: [],
  olderCursor: null,
  requests: [],
  todos: [],
  notices: [],
  lastSeq: 0,
  deleted: false,
  outOfStep: false,
}

const NOTICES_MAX = 20

export interface HistoryPage {
  readonly items: readonly Message[]
  readonly nextCursor: string | null
  readonly lastSeq: number
  /** On the newest page only. */
  readonly notices?: readonly Notice[]
}

/** Starts over from a page of the history; what a page does not carry (requests, session) stays until it is read too. */
export function loadHistory(state: TranscriptState, page: HistoryPage): TranscriptState {
  return {
    ...EMPTY,
    session: state.session,
    requests: state.requests,
    messages: page.items,
    olderCursor: page.nextCursor,
    todos: todosOf(page.items) ?? [],
    notices: (page.notices ?? []).map((notice) => ({ ...notice, past: true })),
    lastSeq: page.lastSeq,
  }
}

/** Puts a page of older messages in front. */
export function loadOlder(state: TranscriptState, page: HistoryPage): TranscriptState {
  const known = new Set(state.messages.map((message) => message.id))
  const older = page.items.filter((message) => !known.has(message.id))
  const todos = state.todos.length > 0 ? state.todos : (todosOf(older) ?? state.todos)
  return { ...state, messages: [...older, ...state.messages], olderCursor: page.nextCursor, todos }
}

/**
 * Takes over what `GET …/requests` answered. It is at least as new as the history; what is already here by an event
 * stays, because any later event about it is still to come.
 */
export function loadRequests(
  state: TranscriptState,
  requests: readonly AgentRequest[],
  before: readonly AgentRequest[],
): TranscriptState {
  const fromEvents = state.requests.filter((request) => !before.includes(request))
  const known = new Set(fromEvents.map((request) => request.id))
  return { ...state, requests: [...requests.filter((request) => !known.has(request.id)), ...fromEvents] }
}

/** Takes over a session as the API answered it, unless a newer one is known. */
export function loadSession(state: TranscriptState, session: SessionView): TranscriptState {
  if (state.session && state.session.updatedAt > session.updatedAt) return state
  return { ...state, session }
}

/** Brings the state forward by events in order. One that is already contained changes nothing. */
export function applyEvents(state: TranscriptState, events: readonly SessionEvent[]): TranscriptState {
  let next = state
  for (const event of events) {
    if (event.seq <= next.lastSeq || next.outOfStep) continue
    next = { ...applyChange(next, event.change, event.seq), lastSeq: event.seq }
  }
  return next
}

function applyChange(state: TranscriptState, change: Change, seq: number): TranscriptState {
  switch (change.type) {
    case "message.updated":
      return { ...state, messages: upsertMessage(state, change.message) }
    case "message.removed":
      return { ...state, messages: removeMessage(state.messages, change.messageId, change.removedAt) }
    case "part.updated":
    case "part.delta":
      return changePart(state, change)
    case "part.removed":
      return removePart(state, change.messageId, change.partId, change.removedAt)
    case "request.updated":
      return { ...state, requests: upsert(state.requests, change.request) }
    case "todo.updated":
      return { ...state, todos: change.todos }
    case "notice": {
      const { level, code, message } = change
      return { ...state, notices: [...state.notices, { seq, level, code, message }].slice(-NOTICES_MAX) }
    }
    case "session.updated":
      return updateSession(state, change.session)
    case "session.deleted":
      return { ...state, deleted: true }
    default:
      // A newer server may say more than this program knows.
      return state
  }
}

function upsertMessage(state: TranscriptState, message: Omit<Message, "parts">): readonly Message[] {
  const { messages } = state
  const at = messages.findLastIndex((known) => known.id === message.id)
  const old = messages[at]
  if (old) {
    const updated = { ...message, parts: old.parts }
    // The server moves a prompt to the end when the agent takes it up: it was written while another turn still ran.
    const takenUp = old.delivery === "queued" && message.delivery === "sending"
    const moves = takenUp && messages.slice(at + 1).some((later) => later.delivery !== "queued")
    return moves ? [...messages.toSpliced(at, 1), updated] : messages.with(at, updated)
  }
  const first = messages[0]
  // One of a page that has not been read: it will come with its page.
  if (state.olderCursor !== null && first && message.createdAt < first.createdAt) return messages
  return [...messages, { ...message, parts: [] }]
}

/** Marked and kept: what was said once stays in the transcript. */
function removeMessage(messages: readonly Message[], messageId: string, removedAt = 0): readonly Message[] {
  return messages.map((message) => (message.id === messageId ? { ...message, removedAt } : message))
}

function upsert(requests: readonly AgentRequest[], request: AgentRequest): readonly AgentRequest[] {
  const at = requests.findIndex((known) => known.id === request.id)
  return at === -1 ? [...requests, request] : requests.with(at, request)
}

/** What depends on the caller (`may`) is not in an event and stays as it was. */
function updateSession(state: TranscriptState, patch: Readonly<Record<string, unknown>>): TranscriptState {
  if (!state.session) return state
  const { may: _, ...rest } = patch as Partial<SessionView>
  if (rest.updatedAt !== undefined && rest.updatedAt < state.session.updatedAt) return state
  return { ...state, session: { ...state.session, ...rest } }
}
