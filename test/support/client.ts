import { type IncomingMessage, request } from "node:http"
import { setTimeout as pause } from "node:timers/promises"
import type { CreateSession, SessionView } from "../../control-plane/server/sessions/service-types.ts"
import type { AgentRequest, Message, SessionEvent } from "../../control-plane/server/transcripts/types.ts"
import { parseEventStream } from "./sse.ts"

/** What the API answered when it was not a success. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`)
    this.name = "ApiError"
    this.status = status
    this.code = code
  }
}

/** Where to send requests: the public address as the server knows it, and optionally another one to dial. */
export interface Target {
  readonly url: string
  /** `host:port` of one replica; every request goes to it, still addressed to the public host. */
  readonly dial?: string
}

export interface MessagePage {
  readonly items: readonly Message[]
  readonly nextCursor: string | null
  readonly lastSeq: number
}

/** A signed-in person's view of the API, over plain HTTP. Methods throw {@link ApiError}. */
export interface Client {
  /** The same login at another address: one replica, for example. */
  at(dial: string): Client
  /** Any request; the parsed answer, or undefined when it has no body. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown>
  create(input: CreateSession, idempotencyKey?: string): Promise<SessionView>
  get(id: string): Promise<SessionView>
  list(): Promise<readonly SessionView[]>
  start(id: string): Promise<SessionView>
  stop(id: string): Promise<SessionView>
  remove(id: string): Promise<void>
  messages(id: string): Promise<MessagePage>
  prompt(id: string, text: string, messageId?: string): Promise<Message>
  requests(id: string): Promise<readonly AgentRequest[]>
  answer(id: string, requestId: string, reply: object): Promise<void>
  /** Numbered changes after `after`, live, until the server ends the stream or the signal aborts; `"reset"` as it comes. */
  events(id: string, after: number, signal: AbortSignal): AsyncGenerator<SessionEvent | "reset">
}

const response_timeout_ms = 120_000
const connect_timeout_ms = 60_000
const reconnect_ms = 250

/**
 * Signs in with a password.
 * @throws ApiError when the server refuses
 */
export async function signIn(target: Target, email: string, password: string): Promise<Client> {
  const response = await exchange(target, "", "POST", "/api/auth/password", { email, password })
  await parsed(response)
  const cookie = (response.headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ")
  if (cookie === "") throw new Error("signing in gave no cookie")
  return clientOf(target, cookie)
}

function clientOf(target: Target, cookie: string): Client {
  const send: Client["send"] = async (method, path, body, headers) =>
    await parsed(await exchange(target, cookie, method, path, body, headers))
  const of = (id: string, rest = "") => `/api/sessions/${encodeURIComponent(id)}${rest}`
  return {
    at: (dial) => clientOf({ url: target.url, dial }, cookie),
    send,
    create: async (input, key) =>
      (await send("POST", "/api/sessions", input, key ? { "idempotency-key": key } : {})) as SessionView,
    get: async (id) => (await send("GET", of(id))) as SessionView,
    list: async () => ((await send("GET", "/api/sessions?limit=200")) as { items: SessionView[] }).items,
    start: async (id) => (await send("POST", of(id, "/start"))) as SessionView,
    stop: async (id) => (await send("POST", of(id, "/stop"))) as SessionView,
    remove: async (id) => void (await send("DELETE", of(id))),
    messages: async (id) => (await send("GET", of(id, "/messages?limit=200"))) as MessagePage,
    prompt: async (id, text, messageId) =>
      (await send("POST", of(id, "/messages"), messageId ? { id: messageId, text } : { text })) as Message,
    requests: async (id) => ((await send("GET", of(id, "/requests"))) as { items: AgentRequest[] }).items,
    answer: async (id, requestId, reply) => void (await send("POST", of(id, `/requests/${requestId}`), reply)),
    events: (id, after, signal) => eventsOf(target, cookie, of(id, "/events"), after, signal),
  }
}

async function* eventsOf(
  target: Target,
  cookie: string,
  path: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent | "reset"> {
  const headers = { "last-event-id": String(after), accept: "text/event-stream" }
  const response = await exchange(target, cookie, "GET", path, undefined, headers, signal)
  if (response.statusCode !== 200) await parsed(response)
  for await (const { id, event, data } of parseEventStream(response)) {
    if (event === "reset") yield "reset"
    else if (id !== undefined) yield { seq: Number(id), change: JSON.parse(data) as SessionEvent["change"] }
  }
}

/**
 * One request and the head of its response. Where nobody has taken the connection (a replica that has just gone) it is made
 * again, as any client does; so is a request that may be repeated and whose connection was cut. What can be aborted is not:
 * who follows a stream comes back by himself.
 */
async function exchange(...given: Parameters<typeof exchangeOnce>): Promise<IncomingMessage> {
  const [, , method, , , , signal] = given
  const deadline = Date.now() + connect_timeout_ms
  for (;;) {
    try {
      return await exchangeOnce(...given)
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined
      const isUnheard = code === "ECONNREFUSED" || code === "EHOSTUNREACH"
      const isRepeatable = isUnheard || (code === "ECONNRESET" && method !== "POST")
      if (signal !== undefined || !isRepeatable || Date.now() > deadline) throw error
      await pause(reconnect_ms)
    }
  }
}

/** The connection is not used again: a test decides what it talks to. */
function exchangeOnce(
  target: Target,
  cookie: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const url = new URL(path, target.url)
  const [host, port] = (target.dial ?? url.host).split(":")
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const call = request({
      ...{ host, port: port ?? 80, method, path: url.pathname + url.search, agent: false },
      ...(signal ? { signal } : {}),
      headers: {
        host: url.host,
        origin: url.origin,
        ...(cookie === "" ? {} : { cookie }),
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        ...headers,
      },
    })
    const timer = setTimeout(() => call.destroy(new Error(`${method} ${path}: no response`)), response_timeout_ms)
    call.once("response", (response) => {
      clearTimeout(timer)
      resolve(response)
    })
    call.once("error", (error) => {
      clearTimeout(timer)
      reject(error)
    })
    call.end(text)
  })
}

async function parsed(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString("utf8")
  const status = response.statusCode ?? 0
  const value: unknown = text === "" ? undefined : parseJson(text)
  if (status >= 200 && status < 300) return value
  const { code, message } = (value as { error?: { code?: string; message?: string } } | undefined)?.error ?? {}
  throw new ApiError(status, code ?? "none", message ?? text.slice(0, 300))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
