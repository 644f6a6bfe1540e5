import type { Secret } from "../../../crypto/index.ts"
import { AppError } from "../../../errors/index.ts"
import { HostRefused } from "../provider.ts"

const ANSWER_MS = 10_000

/** The few requests to GitHub that are made. Secrets are in bodies and headers only, never in addresses. */
export interface GithubHttp {
  post<T>(path: string, form: Readonly<Record<string, string>>): Promise<T>
  get<T>(path: string, access: Secret): Promise<T>
  deleteGrant(path: string, basic: string, access: Secret): Promise<void>
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
    if (response.status >= 500 || response.status === 429) {
      throw new AppError("upstream_refused", `${url.host} answered with HTTP ${response.status}. Try again shortly.`)
    }
    throw new HostRefused(`http_${response.status}`, `${url.host} refused with HTTP ${response.status}.`)
  }
  const asUser = (access: Secret) => ({
    accept: "application/vnd.github+json",
    authorization: `Bearer ${access.reveal()}`,
  })
  return {
    async post<T>(path: string, form: Readonly<Record<string, string>>) {
      const init = { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(form) }
      return (await (await send(new URL(path, web), init)).json()) as T
    },
    async get<T>(path: string, access: Secret) {
      return (await (await send(new URL(path, api), { headers: asUser(access) })).json()) as T
    },
    async deleteGrant(path, basic, access) {
      await send(new URL(`.${path}`, api), {
        method: "DELETE",
        headers: {
          accept: "application/vnd.github+json",
          authorization: `Basic ${basic}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ access_token: access.reveal() }),
      })
    },
  }
}
