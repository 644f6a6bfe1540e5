import type { IncomingMessage, ServerResponse } from "node:http"
import { AppError } from "../errors/index.ts"
import { answerEmpty, answerError, answerGitError, answerJson } from "./answers.ts"
import type { Callers } from "./identity/callers.ts"
import type { createGitRoute } from "./routes/git.ts"
import type { createLlmRoute } from "./routes/llm.ts"
import type { createReportRoute } from "./routes/report.ts"
import type { createWorkloadRoute } from "./routes/workload.ts"

export interface Routes {
  readonly workload: ReturnType<typeof createWorkloadRoute>
  readonly report: ReturnType<typeof createReportRoute>
  readonly llm: ReturnType<typeof createLlmRoute>
  readonly git: ReturnType<typeof createGitRoute>
}

export const ROUTE_NAMES = ["workload", "report", "llm", "git", "none"] as const
export type RouteName = (typeof ROUTE_NAMES)[number]

interface Match {
  readonly name: RouteName
  /** Second segment: provider or host. */
  readonly target: string
  /** What follows it, with its leading slash, as the caller encoded it (dot segments resolved). */
  readonly rest: string
  readonly search: URLSearchParams
}

/** A host's name has 253, and a port. */
const TARGET_CHARACTERS_MAX = 260

const PATHS: readonly (readonly [RouteName, string | null, RegExp])[] = [
  ["workload", "GET", /^\/v1\/workload$/],
  ["report", "POST", /^\/v1\/report$/],
  ["llm", null, /^\/v1\/llm\/([^/]+)(\/.*)$/],
  ["git", null, /^\/v1\/git\/([^/]+)(\/.*)$/],
]

/** Which route a request is for; `none` when it is none. */
export function matchRoute(method: string, rawUrl: string): Match {
  const none: Match = { name: "none", target: "", rest: "", search: new URLSearchParams() }
  if (!rawUrl.startsWith("/") || rawUrl.startsWith("//") || !URL.canParse(rawUrl, "https://broker")) return none
  const { pathname, searchParams } = new URL(rawUrl, "https://broker")
  for (const [name, only, pattern] of PATHS) {
    const match = pattern.exec(pathname)
    if (match === null || (only !== null && only !== method)) continue
    const target = decode(match[1] ?? "")
    if (target !== null) return { name, target, rest: match[2] ?? "", search: searchParams }
  }
  return none
}

/** Also escaped, and escaped twice: no host, repository, provider or model has one. */
function hasControlCharacters(path: string): boolean {
  return /[\0-\x1f\x7f]|%(25)*([01][0-9a-f]|7f)/i.test(path)
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** How a request ended, for metrics and the log. */
export interface RouteOutcome {
  readonly route: RouteName
  readonly method: string | undefined
  readonly peer: string | undefined
  readonly status: number
  readonly error?: unknown
}

/** Identifies the caller and runs the route. Resolves once the answer is complete; every failure is answered. */
export function createRouter(options: {
  callers: Callers
  routes: Routes
  onDone: (outcome: RouteOutcome) => void
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { callers, routes, onDone } = options
  async function run(match: Match, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { name, target, rest, search } = match
    if (hasControlCharacters(target) || hasControlCharacters(rest)) {
      throw new AppError("invalid_request", "The path has a control character.")
    }
    if (target.length > TARGET_CHARACTERS_MAX)
      throw new AppError("invalid_request", "The path names nothing that long.")
    if (name === "none") throw new AppError("not_found", "The broker has no such route.")
    const caller = await callers.identify(request)
    if (name === "workload") {
      const binding = await routes.workload(caller)
      if (binding === null) answerEmpty(response, 204)
      else answerJson(response, 200, binding)
    } else if (name === "report") {
      await routes.report(caller, request)
      answerEmpty(response, 202)
    } else await routes[name](caller, { request, response }, target, rest, search)
  }
  return async (request, response) => {
    const { method } = request
    // Read now: a socket that is gone does not know its peer any more.
    const peer = request.socket.remoteAddress
    const match = matchRoute(method ?? "", request.url ?? "")
    try {
      await run(match, request, response)
      onDone({ route: match.name, method, peer, status: response.statusCode })
    } catch (error) {
      if (!response.headersSent && !response.destroyed) {
        const answer = match.name === "git" ? answerGitError : answerError
        answer(response, error)
      }
      onDone({ route: match.name, method, peer, status: response.statusCode, error })
    }
  }
}
