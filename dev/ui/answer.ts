/** What the scripted server says. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly cookie?: string
}

/** A request, read. `path` is below `api/`. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly search: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

/** An error as the API tells it. */
export function refuse(
  status: number,
  code: string,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): Answer {
  return { status, body: { error: { code, message, requestId: "req_scripted", ...(details ? { details } : {}) } } }
}

/** 200 with a body. */
export function ok(body: unknown): Answer {
  return { status: 200, body }
}

/** One page of a list that has pages of `limit`; the cursor is an index. */
export function pageOf(items: readonly unknown[], search: URLSearchParams): Answer {
  const start = Number(search.get("cursor") ?? 0)
  const end = start + Number(search.get("limit") ?? 50)
  return ok({ items: items.slice(start, end), nextCursor: end < items.length ? String(end) : null })
}
