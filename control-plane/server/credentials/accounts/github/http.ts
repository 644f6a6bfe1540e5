import type { Secret } from "../../../crypto/index.ts"
import { AppError } from "../../../errors/index.ts"
import { HostRefused } from "../provider.ts"

const ANSWER_MS = 10_000

/** The few requests to GitHub that are made. Secrets are in bodies and headers only, never in addresses. */
export interface GithubHttp {
  post<T>(path: string, form: Readonly<Record<string, string>>): Promise<T>
  /** @param bearer a user's token, or one that the app has signed */
  get<T>(path: string, bearer: Secret): Promise<T>
  /** Asks as the app's client about a user's token. @param basic user name and password in Base64 */
  aboutToken(method: "POST" | "DELETE", path: string, basic: Secret, access: Secret): Promise<void>
}

/** @throws (from its methods) HostRefused for 4xx, AppError `upstream_refused` for trouble that may pass. */
export function createGithubHttp(options: { fetch: typeof fetch; web: URL; api: URL }): GithubHttp {
  const { web, api } = options
  async function send(url: URL, init: RequestInit): Promise<Response> {
    let response: Response
    try {
      response = await options.fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) })
    } catch (cause) {
      throw new AppError("upstream_refused", `${url.host} cannot be reached at the moment.`, { cause })
    }
    if (response.ok) return response
    // Rate limits and outages pass; everything else that GitHub refuses stays refused.
    if (response.status >= 500 || isRateLimit(response)) {
      throw new AppError("upstream_refused", `${url.host} answered with HTTP ${response.status}. Try again shortly.`)
    }
    throw new HostRefused(`http_${response.status}`, `${url.host} refused with HTTP ${response.status}.`)
  }
  const headers = (authorization: string) => ({
    accept: "application/vnd.github+json",
    authorization,
    // Node's own is taken too, but GitHub asks for one that names the application.
    "user-agent": "berth",
  })
  return {
    async post<T>(path: string, form: Readonly<Record<string, string>>) {
      const init = { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(form) }
      return (await (await send(new URL(path, web), init)).json()) as T
    },
    async get<T>(path: string, bearer: Secret) {
      return (await (await send(new URL(path, api), { headers: headers(`Bearer ${bearer.reveal()}`) })).json()) as T
    },
    async aboutToken(method, path, basic, access) {
      await send(new URL(path, api), {
        method,
        headers: { ...headers(`Basic ${basic.reveal()}`), "content-type": "application/json" },
        body: JSON.stringify({ access_token: access.reveal() }),
      })
    },
  }
}

/** GitHub says 429 or 403; the latter with what tells it from a refusal. */
function isRateLimit({ status, headers }: Response): boolean {
  if (status === 429) return true
  return status === 403 && (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0")
}
