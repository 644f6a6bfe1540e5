/** What went wrong with a request, in words for the person who made it. */
export class ApiError extends Error {
  /** HTTP status; 0 when there was no answer at all. */
  readonly status: number
  /** The API's stable code; `unreachable` when there was no answer, `unexpected` when it was not the API that answered. */
  readonly code: string
  readonly requestId: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly retryAfter_s: number | null

  constructor(facts: {
    status: number
    code: string
    message: string
    requestId?: string | null
    details?: Readonly<Record<string, unknown>>
    retryAfter_s?: number | null
  }) {
    super(facts.message)
    this.name = "ApiError"
    this.status = facts.status
    this.code = facts.code
    this.requestId = facts.requestId ?? null
    this.details = facts.details ?? {}
    this.retryAfter_s = facts.retryAfter_s ?? null
  }
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Api {
  /** The JSON of the answer, `undefined` when it has none. @throws ApiError */
  request<Answer>(path: string, options?: RequestOptions): Promise<Answer>
  /** The open answer of a stream. @throws ApiError */
  open(path: string, options?: RequestOptions): Promise<Response>
}

export interface ApiDependencies {
  readonly fetch: typeof globalThis.fetch
  /** Ends with a slash; `api/…` is below it. */
  readonly baseUrl: string
  /** Called when an answer says that nobody is signed in. */
  readonly onUnauthenticated: () => void
}

/** The one way to the server. */
export function createApi(dependencies: ApiDependencies): Api {
  async function open(path: string, options: RequestOptions = {}): Promise<Response> {
    const response = await send(dependencies, path, options)
    if (response.ok) return response
    const error = await readError(response)
    if (error.status === 401 && path !== "auth/password") dependencies.onUnauthenticated()
    throw error
  }
  return {
    open,
    async request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
      const response = await open(path, options)
      const text = await response.text()
      return (text === "" ? undefined : JSON.parse(text)) as Answer
    },
  }
}

async function send({ fetch, baseUrl }: ApiDependencies, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers }
  const init: RequestInit = { method: options.method ?? "GET", headers, credentials: "same-origin" }
  if (options.body !== undefined) {
    headers["content-type"] = "application/json"
    init.body = JSON.stringify(options.body)
  }
  if (options.signal) init.signal = options.signal
  try {
    return await fetch(`${baseUrl}api/${path}`, init)
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError({
      status: 0,
      code: "unreachable",
      message: "The server cannot be reached. Check the connection and try again.",
    })
  }
}

async function readError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN)
  const facts = { status: response.status, retryAfter_s: Number.isFinite(retryAfter) ? retryAfter : null }
  try {
    const { error } = (await response.json()) as {
      error: { code: string; message: string; requestId?: string; details?: Record<string, unknown> }
    }
    return new ApiError({ ...facts, ...error })
  } catch {
    // A proxy in between answered: its page is of no use to anybody.
    const message = `The server answered with status ${response.status}. Try again in a moment.`
    return new ApiError({ ...facts, code: "unexpected", message })
  }
}

/** Whether it is worth another try without a person: nobody answered, or the server had trouble of its own. */
export function mayPass(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 429 || error.status >= 500
}

/** `?a=1&b=2` of the entries that have a value, or nothing. */
export function query(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value))
  }
  const text = search.toString()
  return text === "" ? "" : `?${text}`
}

/** The sentence to show for whatever was thrown; of what only the server's log explains, with the way to find it there. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.status >= 500 && error.requestId !== null) {
    return `${error.message} (request ${error.requestId})`
  }
  if (error instanceof Error && error.message !== "") return error.message
  return "Something went wrong."
}
