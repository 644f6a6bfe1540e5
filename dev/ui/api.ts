import type { IncomingMessage, ServerResponse } from "node:http"
import { newId } from "../../control-plane/ui/src/api/ids.ts"
import type { CreateSession, Message, SessionView } from "../../control-plane/ui/src/api/types.ts"
import type { TranscriptState } from "../../control-plane/ui/src/transcript/state.ts"
import type { Administration } from "./administration.ts"
import type { ScriptedAgent } from "./agent.ts"
import { type Answer, refuse } from "./answer.ts"
import type { Account } from "./people.ts"
import { ADA, makeSession } from "./seed.ts"
import type { Store } from "./store.ts"

export interface ApiContext {
  readonly store: Store
  readonly agent: ScriptedAgent
  readonly account: Account
  readonly administration: Administration
  readonly url: URL
  /** Below `api/`. */
  readonly path: string
}

const keys = new Map<string, string>()

/** Answers a request as the control plane would. */
export async function handleApi(
  request: IncomingMessage,
  response: ServerResponse,
  context: ApiContext,
): Promise<void> {
  const body = await readBody(request)
  const answer = route(request, context, body)
  response.writeHead(answer.status, {
    "content-type": "application/json",
    ...(answer.cookie === undefined ? {} : { "set-cookie": answer.cookie }),
  })
  response.end(answer.body === undefined ? "" : JSON.stringify(answer.body))
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ""
  for await (const chunk of request) text += chunk
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>)
}

function route(request: IncomingMessage, context: ApiContext, body: Record<string, unknown>): Answer {
  const { path } = context
  const method = request.method ?? "GET"
  if (path === "auth/methods")
    return {
      status: 200,
      body: { methods: [{ id: "password", kind: "form", label: "E-mail and password", path: null }] },
    }
  if (path === "auth/password") {
    if (body.password !== context.account.password)
      return refuse(401, "unauthenticated", "The e-mail address or the password is wrong.")
    return { status: 204, cookie: "berth=1; Path=/; SameSite=Lax" }
  }
  if (!request.headers.cookie?.includes("berth=1")) return refuse(401, "unauthenticated", "Sign in to do this.")
  if (path === "auth/logout") return { status: 200, body: { redirect: null }, cookie: "berth=; Path=/; Max-Age=0" }
  const asked = { method, path, search: context.url.searchParams, body }
  const own = context.account.answer(asked) ?? context.administration.answer(asked, context.account.me.role)
  if (own) return own
  if (path === "sessions") return method === "POST" ? create(request, context, body as CreateSession) : list(context)
  const [, id = "", action = "", requestId = ""] = path.split("/")
  return ofSession(context, { method, id, action, requestId, body })
}

function list({ store, url }: ApiContext): Answer {
  const want = (name: string) => url.searchParams.get(name) ?? ""
  const owner = want("owner") === "me" ? ADA.id : want("owner")
  const items = store
    .all()
    .filter((one) => want("visibility") === "" || one.visibility === want("visibility"))
    .filter((one) => want("status") === "" || one.status === want("status"))
    .filter((one) => owner === "" || one.owner.id === owner)
    .filter((one) => `${one.title} ${one.repository?.url}`.toLowerCase().includes(want("q").toLowerCase()))
    .toSorted((a, b) => b.createdAt - a.createdAt)
  return { status: 200, body: { items, nextCursor: null } }
}

function create(request: IncomingMessage, { store, agent, administration }: ApiContext, input: CreateSession): Answer {
  const key = String(request.headers["idempotency-key"] ?? "")
  const known = store.get(keys.get(key) ?? "")?.state.session
  if (known) return { status: 201, body: known }
  const session: SessionView = makeSession(
    input.title ?? input.initialUserPrompt?.slice(0, 80) ?? "New session",
    Date.now(),
    {
      status: "creating",
      steps: [],
      helpers: null,
      lastMessage: null,
      createdAt: Date.now(),
      visibility: input.private === false ? "public" : "private",
      repository: input.repository ? { url: input.repository.url, ref: input.repository.ref ?? null } : null,
      profile: input.profile ?? null,
      binding: input.binding?.type ?? null,
      environmentFiles: input.environmentFiles ?? [],
    },
  )
  if (input.environment?.BERTH_TOKEN !== undefined) {
    const details = { field: "environment.BERTH_TOKEN" }
    return refuse(400, "invalid_request", "BERTH_TOKEN cannot be set by a session.", details)
  }
  keys.set(key, session.id)
  administration.created.push(input)
  store.add(session)
  if (input.initialUserPrompt) queue(store, session.id, newId("msg"), input.initialUserPrompt)
  void agent.start(session.id)
  return { status: 201, body: session }
}

function queue(store: Store, sessionId: string, id: string, text: string): Message | undefined {
  const header = {
    id,
    role: "user",
    agentSessionId: null,
    authorId: ADA.id,
    delivery: "queued",
    createdAt: Date.now(),
    completedAt: null,
    body: {},
  } as const
  const known = store.get(sessionId)?.state.messages.find((message) => message.id === id)
  if (known) return known
  store.change(
    sessionId,
    { type: "message.updated", message: header },
    { type: "part.updated", messageId: id, part: { id: newId("prt"), type: "text", body: { text } } },
  )
  store.update(sessionId, { lastMessage: { role: "user", text, at: Date.now() } })
  return store.get(sessionId)?.state.messages.find((message) => message.id === id)
}

const KEPT = {
  items: [
    { name: "manifest.json", bytes: 812, at: Date.now() },
    { name: "transcript.ndjson", bytes: 48_210, at: Date.now() },
    { name: "workspace.patch", bytes: 2_140, at: Date.now() },
  ],
  nextCursor: null,
  state: "written",
  trouble: null,
}

interface Asked {
  readonly method: string
  readonly id: string
  readonly action: string
  readonly requestId: string
  readonly body: Record<string, unknown>
}

function ofSession(context: ApiContext, asked: Asked): Answer {
  const { store, agent, url } = context
  const { method, id, action, requestId, body } = asked
  const state = store.get(id)?.state
  if (!state?.session) return refuse(404, "not_found", "There is no such session.")
  const view = () => ({ status: 200, body: store.get(id)?.state.session })
  switch (`${method} ${action}`) {
    case "GET ":
      return view()
    case "PATCH ":
      store.update(id, body)
      return view()
    case "DELETE ":
      store.remove(id)
      return { status: 204 }
    case "POST start":
      void agent.start(id)
      return view()
    case "POST stop":
      agent.stop(id)
      return view()
    case "POST abort":
      agent.abort(id)
      return { status: 204 }
    case "GET messages":
      return page(state, url)
    case "POST messages": {
      const message = queue(store, id, String(body.id ?? newId("msg")), String(body.text))
      void agent.next(id)
      return { status: 202, body: message }
    }
    case "GET artifacts":
      return { status: 200, body: { ...KEPT, items: state.session.status === "stopped" ? KEPT.items : [] } }
    case "GET requests":
      return { status: 200, body: { items: state.requests, nextCursor: null } }
    case "POST requests": {
      const request = state.requests.find((one) => one.id === requestId)
      if (request?.state !== "open") return refuse(404, "not_found", "The agent no longer asks this.")
      store.change(id, { type: "request.updated", request: { ...request, state: "answered", answer: body } })
      return { status: 204 }
    }
    default:
      return refuse(404, "not_found", "There is nothing at this address.")
  }
}

function page({ messages, notices, lastSeq }: TranscriptState, url: URL): Answer {
  const isNewest = !url.searchParams.has("before")
  const end = Number(url.searchParams.get("before") ?? messages.length)
  const start = Math.max(0, end - Number(url.searchParams.get("limit") ?? 100))
  return {
    status: 200,
    body: {
      items: messages.slice(start, end),
      nextCursor: start === 0 ? null : String(start),
      lastSeq,
      ...(isNewest ? { notices } : {}),
    },
  }
}
