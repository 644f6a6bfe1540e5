import type { Readable } from "node:stream"
import { Agent } from "undici"
import { AppError } from "../../errors/index.ts"
import type { AgentTarget } from "../types.ts"
import { LIMITS, TIMES } from "./limits.ts"

export interface AgentAnswer {
  readonly status: number
  /** Parsed JSON; null when the body is empty. */
  readonly data: unknown
  /** Where the next (older) page of messages begins. */
  readonly nextCursor: string | null
  readonly chars: number
}

interface Call {
  readonly method?: "GET" | "POST"
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly timeout_ms?: number
  readonly signal?: AbortSignal
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
    const timeout = AbortSignal.timeout(call.timeout_ms ?? TIMES.request_timeout_ms)
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal])
    try {
      const answer = await this.#request(call, signal)
      const raw = await readBody(answer.body, LIMITS.json_bytes_max)
      const data = answer.statusCode < 400 || isJson(answer.headers) ? parse(raw, answer.headers) : null
      return { status: answer.statusCode, data, nextCursor: header(answer.headers["x-next-cursor"]), chars: raw.length }
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

/** Every call to an agent ends in this error, so that no caller has to know what a socket can do. */
function asFailure(error: unknown, path: string): AppError {
  if (error instanceof AppError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new AppError("agent_failed", "The agent cannot be reached.", { cause: error, detail: `${path}: ${reason}` })
}

async function readBody(body: Readable, bytes_max: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytes_max) {
      body.destroy()
      throw new AppError("agent_failed", "The agent answered more than it may.", {
        details: { too_large: true },
        detail: `more than ${bytes_max} bytes`,
      })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** OpenCode answers unknown paths with 200 and its web page: that is not an answer. */
function parse(raw: string, headers: Headers): unknown {
  if (raw === "") return null
  if (!isJson(headers)) throw new AppError("agent_failed", "The agent did not answer JSON.")
  return JSON.parse(raw)
}

function isJson(headers: Headers): boolean {
  return (header(headers["content-type"]) ?? "").startsWith("application/json")
}

function header(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : null
}
