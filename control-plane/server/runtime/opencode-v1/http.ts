import type { Readable } from "node:stream"
import { Agent, type Dispatcher } from "undici"
import { AppError, isAppError } from "../../errors/index.ts"
import type { AgentTarget } from "../types.ts"
import { parseLongJson, TOO_MANY_VALUES } from "./json.ts"
import { LIMITS, TIMES } from "./limits.ts"

export interface AgentAnswer {
  readonly status: number
  /** Parsed JSON; null when the body is empty. */
  readonly data: unknown
  /** Of the body. */
  readonly bytes: number
}

interface Call {
  readonly method?: "GET" | "POST"
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeout_ms?: number
  readonly signal?: AbortSignal
  /** Limit of the answer's body; without it that of a short answer. */
  readonly bytes_max?: number
}

/** An answer of which only the head was read. */
export interface AnswerHead {
  readonly status: number
  readonly isJson: boolean
}

/** A page of messages as it came, not parsed yet; `body` is null when it has more than `LIMITS.json_bytes_max`. */
export interface RawPage {
  readonly status: number
  readonly body: Buffer | null
  readonly nextCursor: string | null
}

/**
 * HTTP to one agent over connections of its own: nothing is shared with another session's, redirects are not followed,
 * no environment proxy is used, and `directory` is pinned on every request.
 * Paths are built from constants and ids that were checked; nothing of a user or a pod goes into them otherwise.
 */
export class AgentHttp {
  readonly #target: AgentTarget
  readonly #dispatcher: Agent

  constructor(target: AgentTarget) {
    this.#target = target
    this.#dispatcher = new Agent({
      connections: 8,
      pipelining: 1,
      connect: { timeout: TIMES.connect_timeout_ms },
      headersTimeout: TIMES.prompt_timeout_ms,
      // The event stream has a watchdog of its own.
      bodyTimeout: 0,
      maxHeaderSize: 32 * 1024,
    })
  }

  /**
   * One request with a JSON answer, whatever its status.
   * @throws AppError `agent_failed` when it cannot be reached, is too slow, or answers something else or too much.
   */
  async json(call: Call): Promise<AgentAnswer> {
    return await this.#answer(call, async ({ statusCode: status, headers, body }) => {
      const raw = await readBody(body, call.bytes_max ?? LIMITS.answer_bytes_max)
      return { status, data: status < 400 || isJson(headers) ? await parse(raw, headers) : null, bytes: raw.length }
    })
  }

  /**
   * One request of whose answer only the status counts: whatever follows the head is not read.
   * @throws AppError `agent_failed` when the agent cannot be reached or is too slow
   */
  async head(call: Call): Promise<AnswerHead> {
    return await this.#answer(call, async ({ statusCode: status, headers, body }) => {
      await body.dump({ limit: DUMPED_BYTES_MAX }).catch(() => undefined)
      return { status, isJson: isJson(headers) }
    })
  }

  /** Reads a page of messages without parsing it. @throws AppError `agent_failed`, also when it is not JSON */
  async page(call: Call): Promise<RawPage> {
    return await this.#answer(call, async ({ statusCode: status, headers, body }) => {
      if (status === 200 && !isJson(headers)) throw notJson()
      const nextCursor = header(headers["x-next-cursor"])
      try {
        return { status, body: await readBody(body, LIMITS.json_bytes_max), nextCursor }
      } catch (error) {
        if (isTooLarge(error)) return { status, body: null, nextCursor }
        throw error
      }
    })
  }

  async #answer<T>(call: Call, read: (answer: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    const timeout = AbortSignal.timeout(call.timeout_ms ?? TIMES.request_timeout_ms)
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal])
    try {
      return await read(await this.#request(call, signal))
    } catch (error) {
      throw asFailure(error, call.path)
    }
  }

  /** Opens the event stream. @throws AppError `agent_failed` */
  async stream(path: string, signal: AbortSignal): Promise<Readable> {
    const opening = new AbortController()
    const timer = setTimeout(() => opening.abort(new Error("no answer in time")), TIMES.stream_open_timeout_ms)
    try {
      const answer = await this.#request({ path }, AbortSignal.any([signal, opening.signal]))
      const type = header(answer.headers["content-type"]) ?? ""
      if (answer.statusCode === 200 && type.startsWith("text/event-stream")) return answer.body
      answer.body.destroy()
      throw new AppError("agent_failed", "The agent does not stream its events.", {
        detail: `${path} ${answer.statusCode}`,
      })
    } catch (error) {
      throw asFailure(error, path)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Cuts everything that is still open. */
  close(): void {
    void this.#dispatcher.destroy().catch(() => undefined)
  }

  async #request(call: Call, signal: AbortSignal) {
    const { baseUrl, password, directory } = this.#target
    const body = call.body === undefined ? null : JSON.stringify(call.body)
    const answer = await this.#dispatcher.request({
      origin: baseUrl,
      method: call.method ?? "GET",
      path: `${call.path}?${new URLSearchParams({ ...call.query, directory })}`,
      headers: {
        authorization: `Basic ${Buffer.from(`opencode:${password.reveal()}`).toString("base64")}`,
        accept: "application/json, text/event-stream",
        ...(body === null ? {} : { "content-type": "application/json" }),
      },
      body,
      signal,
    })
    // A body that is cut while nobody reads it would end the process with an uncaught error.
    answer.body.on("error", () => undefined)
    return answer
  }
}

/** What following an agent takes of it. */
export type AgentCalls = Pick<AgentHttp, "json" | "head" | "page" | "stream" | "close">

/** Every call to an agent ends in this error, so that no caller has to know what a socket can do. */
function asFailure(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new AppError("agent_failed", "The agent cannot be reached.", { cause: error, detail: `${path}: ${reason}` })
}

/** So much of a body nobody needs is read, so that its connection can be used again. */
const DUMPED_BYTES_MAX = 16 * 1024

/** Whether an agent's answer was refused for its size. */
export function isTooLarge(error: unknown): boolean {
  return isAppError(error, "agent_failed") && error.details?.["too_large"] === true
}

function tooLarge(detail: string): AppError {
  return new AppError("agent_failed", "The agent answered more than it may.", { details: { too_large: true }, detail })
}

async function readBody(body: Readable, bytes_max: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytes_max) {
      body.destroy()
      throw tooLarge(`more than ${bytes_max} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** OpenCode answers unknown paths with 200 and its web page: that is not an answer. */
async function parse(raw: Buffer, headers: Headers): Promise<unknown> {
  if (raw.length === 0) return null
  if (!isJson(headers)) throw notJson()
  return await parseBounded(raw)
}

function notJson(): AppError {
  return new AppError("agent_failed", "The agent did not answer JSON.")
}

/** JSON of a pod. @throws AppError `agent_failed`; `isTooLarge` when it has too many values */
export async function parseBounded(raw: Buffer): Promise<unknown> {
  const data = await parseLongJson(raw, LIMITS.json_values_max)
  if (data === TOO_MANY_VALUES) throw tooLarge(`more than ${LIMITS.json_values_max} values`)
  if (data === undefined) throw notJson()
  return data
}

function isJson(headers: Headers): boolean {
  return (header(headers["content-type"]) ?? "").startsWith("application/json")
}

function header(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : null
}
