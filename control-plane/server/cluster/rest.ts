import { type Dispatcher, request } from "undici"
import { AppError } from "../errors/index.ts"
import type { Connection } from "./connection.ts"

const TIMEOUT_MS = 10_000
const BODY_BYTES_MAX = 32 * 1024 * 1024

export interface RestRequest {
  readonly method: "DELETE" | "GET" | "PATCH" | "POST"
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly contentType?: string
}

/** A `Status` of Kubernetes, as far as it is used. */
export interface KubernetesStatus {
  readonly code?: number
  readonly reason?: string
  readonly message?: string
}

/** JSON calls to the API server. */
export interface Rest {
  /** The parsed answer. @throws AppError `not_found`, `conflict`, `upstream_refused` (with Kubernetes' words) or `unavailable` */
  call<T>(request: RestRequest): Promise<T>
  /** The answer as it arrives, whatever its status; the signal ends it. @throws AppError `unavailable` */
  stream(request: RestRequest, signal: AbortSignal): Promise<{ status: number; body: Dispatcher.ResponseData["body"] }>
}

/** Every call carries fresh credentials and ends after 10 s; streams end with their signal. */
export function createRest(connection: Connection): Rest {
  const send = async (input: RestRequest, signal: AbortSignal) => {
    try {
      const url = new URL(connection.server + input.path)
      for (const [name, value] of Object.entries(input.query ?? {})) url.searchParams.set(name, value)
      const { dispatcher, headers } = await connection.prepare()
      const contentType = input.body === undefined ? {} : { "content-type": input.contentType ?? "application/json" }
      return await request(url, {
        method: input.method,
        headers: { ...headers, ...contentType, accept: "application/json, */*" },
        body: input.body === undefined ? null : JSON.stringify(input.body),
        dispatcher,
        signal,
      })
    } catch (error) {
      throw unreachable(error)
    }
  }
  return {
    async call<T>(input: RestRequest): Promise<T> {
      const response = await send(input, AbortSignal.timeout(TIMEOUT_MS))
      const text = await readText(response.body)
      const body = parse(text)
      if (response.statusCode >= 200 && response.statusCode < 300) return body as T
      throw refusal(input, response.statusCode, body, retryAfter(response.headers["retry-after"]))
    },
    async stream(input, signal) {
      const response = await send(input, signal)
      return { status: response.statusCode, body: response.body }
    },
  }
}

async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > BODY_BYTES_MAX) throw new Error(`answer larger than ${BODY_BYTES_MAX} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreachable(error)
  }
  return Buffer.concat(chunks).toString("utf8")
}

function parse(text: string): KubernetesStatus {
  try {
    return JSON.parse(text) as KubernetesStatus
  } catch {
    return { message: text.slice(0, 500) }
  }
}

function retryAfter(header: string | string[] | undefined): number {
  const seconds = Number(header)
  return Number.isInteger(seconds) && seconds > 0 ? Math.min(seconds, 60) : 2
}

function unreachable(error: unknown): AppError {
  return new AppError("unavailable", "The Kubernetes API cannot be reached at the moment.", {
    cause: error,
    detail: error instanceof Error ? error.message : String(error),
    details: { kubernetes: { status: null, reason: null } },
    retryAfter_s: 2,
  })
}

/** An error answer in our own terms; Kubernetes' words are kept, because quota and admission refusals explain themselves. */
function refusal(input: RestRequest, status: number, body: KubernetesStatus, retryAfter_s: number): AppError {
  const words = body.message ?? body.reason ?? `status ${status}`
  const options = {
    detail: `${input.method} ${input.path}: ${status} ${words}`,
    details: { kubernetes: { status, reason: body.reason ?? null } },
  }
  if (status === 404) return new AppError("not_found", `Kubernetes: ${words}`, options)
  if (status === 409) return new AppError("conflict", `Kubernetes: ${words}`, options)
  if (status === 429 || status >= 500) {
    return new AppError("unavailable", `Kubernetes cannot serve requests at the moment: ${words}`, {
      ...options,
      retryAfter_s,
    })
  }
  return new AppError("upstream_refused", `Kubernetes refused: ${words}`, options)
}
