import { AppError } from "../../errors/index.ts"
import type { PermissionReply, QuestionReply } from "../../runtime/types.ts"
import type { CreateSession, SessionQuery, Sessions } from "../../sessions/service-types.ts"
import type { Visibility } from "../../settings/types.ts"
import type { ServerSentEvent } from "../streams/writer.ts"
import type { Call } from "./route.ts"

type Caller = Pick<Call, "principal" | "headers" | "setHeader" | "signal">
type OfSession = Caller & { params: { id: string } }

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/

/** Sessions over HTTP: nothing here decides anything, the service does. */
export function sessionHandlers(sessions: Sessions) {
  return {
    async create({ principal, headers, body, setHeader }: Caller & { body: CreateSession }) {
      const { session, created } = await sessions.create(principal, body, idempotencyKeyOf(headers["idempotency-key"]))
      if (!created) setHeader("idempotency-replayed", "true")
      return session
    },
    list: ({ principal, query }: Caller & { query: Omit<SessionQuery, "tags"> & { [name: string]: unknown } }) =>
      sessions.list(principal, sessionQueryOf(query, principal.userId)),
    get: ({ principal, params }: OfSession) => sessions.get(principal, params.id),
    update: ({
      principal,
      params,
      body,
    }: OfSession & { body: { title?: string; visibility?: Visibility; tags?: Record<string, string> } }) =>
      sessions.update(principal, params.id, body),
    start: ({ principal, params }: OfSession) => sessions.start(principal, params.id),
    stop: ({ principal, params }: OfSession) => sessions.stop(principal, params.id),
    enlarge: ({ principal, params, body }: OfSession & { body: { storageSize: string } }) =>
      sessions.enlarge(principal, params.id, body),
    delete: ({ principal, params }: OfSession) => sessions.delete(principal, params.id),
    messages: ({ principal, params, query }: OfSession & { query: { before?: number; limit: number } }) =>
      sessions.messages(principal, params.id, query),
    prompt: ({ principal, params, body }: OfSession & { body: { id?: string; text: string } }) =>
      sessions.prompt(principal, params.id, body),
    abort: ({ principal, params }: OfSession) => sessions.abort(principal, params.id),
    requests: async ({ principal, params }: OfSession) => ({
      items: await sessions.requests(principal, params.id),
      nextCursor: null,
    }),
    answer: ({ principal, params, body }: Caller & { params: { id: string; requestId: string }; body: Answer }) =>
      sessions.answer(principal, params.id, params.requestId, replyOf(body)),

    artifacts: async ({ principal, params }: OfSession) => {
      const { files, state, trouble } = await sessions.artifacts(principal, params.id)
      return { items: files, nextCursor: null, state, trouble }
    },
    artifact: ({ principal, params }: Caller & { params: { id: string; name: string } }) =>
      sessions.artifact(principal, params.id, params.name),

    async *events({ principal, params, query, headers, signal }: OfSession & { query: { after?: number } }) {
      // Needs the same right, and is asked before the stream starts: a refusal is a status and not a broken stream.
      await sessions.requests(principal, params.id)
      const after = lastEventId(headers["last-event-id"]) ?? query.after ?? 0
      yield null
      for await (const batch of sessions.watch(principal, params.id, after, signal)) {
        if (batch === "reset") yield { event: "reset", data: {} }
        else for (const { seq, change } of batch) yield { id: seq, event: change.type, data: change }
      }
    },

    async *allEvents({ principal, headers, signal }: Caller): AsyncIterable<ServerSentEvent | null> {
      let id = lastEventId(headers["last-event-id"])
      yield null
      // These events have no order that a resume could rest on: whoever comes back reads the list again.
      if (id !== null) yield { event: "reset", data: {} }
      id ??= 0
      for await (const change of sessions.watchAll(principal, signal)) {
        id += 1
        yield change === null ? { id, event: "reset", data: {} } : { id, event: change.type, data: change }
      }
    },
  }
}

interface Answer {
  reply?: "once" | "always" | "reject"
  message?: string
  answers?: string[][]
  rejected?: true
}

function replyOf(body: Answer): PermissionReply | QuestionReply {
  const { reply, message, answers, rejected } = body
  const given = [reply, answers, rejected].filter((value) => value !== undefined).length
  if (given !== 1) throw new AppError("invalid_request", "Give exactly one of reply, answers and rejected.")
  if (reply !== undefined) return message === undefined ? { reply } : { reply, message }
  return answers === undefined ? { rejected: true } : { answers }
}

function sessionQueryOf(query: Omit<SessionQuery, "tags"> & { [name: string]: unknown }, me: string): SessionQuery {
  const tags: Record<string, string> = {}
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(query)) {
    if (name.startsWith("tag.")) tags[name.slice(4)] = String(value)
    else rest[name] = name === "owner" && value === "me" ? me : value
  }
  return { ...(rest as unknown as Omit<SessionQuery, "tags">), tags }
}

function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === "string" && IDEMPOTENCY_KEY.test(header)) return header
  throw new AppError("invalid_request", "Idempotency-Key must be 1 to 200 visible ASCII characters.")
}

function lastEventId(header: string | string[] | undefined): number | null {
  if (typeof header !== "string" || header === "") return null
  if (!/^\d{1,15}$/.test(header)) throw new AppError("invalid_request", "Last-Event-ID is not one of this stream.")
  return Number(header)
}
