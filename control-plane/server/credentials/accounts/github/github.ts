import { Secret } from "../../../crypto/index.ts"
import { AppError } from "../../../errors/index.ts"
import { type AccountIdentity, type AccountProvider, type AccountTokens, HostRefused } from "../provider.ts"
import type { GithubApp } from "./app.ts"
import { createGithubHttp, type GithubHttp } from "./http.ts"
import { findInstallation } from "./installation.ts"
import { readDelivery } from "./webhook.ts"

/** GitHub's answers of the token endpoint: errors come with status 200 as well. */
interface TokenAnswer {
  access_token?: string
  expires_in?: number
  refresh_token?: string
  refresh_token_expires_in?: number
  error?: string
  error_description?: string
}

/**
 * Accounts at GitHub through a GitHub App's user-to-server tokens (8 h, with a refresh token that works once).
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
 */
export function createGithub(options: { app: GithubApp; fetch: typeof fetch; now: () => number }): AccountProvider {
  const { app, now } = options
  const web = new URL(app.baseUrl)
  const http = createGithubHttp({ ...options, web, api: apiOf(web) })

  async function tokens(parameters: Record<string, string>): Promise<AccountTokens> {
    const body = { client_id: app.clientId, client_secret: (await app.clientSecret()).reveal(), ...parameters }
    return readTokens(await http.post<TokenAnswer>("/login/oauth/access_token", body), now())
  }

  async function aboutToken(method: "POST" | "DELETE", what: string, access: Secret): Promise<void> {
    const client = `${app.clientId}:${(await app.clientSecret()).reveal()}`
    const path = `applications/${encodeURIComponent(app.clientId)}/${what}`
    await http.aboutToken(method, path, new Secret(Buffer.from(client).toString("base64")), access)
  }

  return {
    id: "github",
    host: web.host,
    authorizeUrl({ state, challenge, redirectUri }) {
      const url = new URL("/login/oauth/authorize", web)
      const query = { client_id: app.clientId, redirect_uri: redirectUri, state, code_challenge: challenge }
      url.search = new URLSearchParams({ ...query, code_challenge_method: "S256" }).toString()
      return url
    },
    exchange: ({ code, verifier, redirectUri }) => tokens({ code, redirect_uri: redirectUri, code_verifier: verifier }),
    refresh: (refresh) => tokens({ grant_type: "refresh_token", refresh_token: refresh.reveal() }),
    identify: (access) => identify(http, web, access),
    revoke: (access, what) => aboutToken("DELETE", what, access),
    async accepts(access) {
      try {
        await aboutToken("POST", "token", access)
        return true
      } catch (error) {
        if (error instanceof HostRefused && error.code === "http_404") return false
        throw error
      }
    },
    installUrl: installUrlOf(app, web),
    installation: (repository) => findInstallation({ app, http, now }, repository),
    async readDelivery(request) {
      const secret = await app.webhookSecret()
      if (secret === null) throw new AppError("not_found", "The GitHub App has no webhook secret here.")
      return readDelivery(secret, request)
    },
    gitAuthorization: (access) =>
      new Secret(`Basic ${Buffer.from(`x-access-token:${access.reveal()}`).toString("base64")}`),
  }
}

function apiOf(web: URL): URL {
  return isCloud(web) ? new URL(`https://api.${web.host}/`) : new URL("/api/v3/", web)
}

/** The page where the owner of a repository installs the app; Enterprise Server has it at another path. */
function installUrlOf({ slug }: GithubApp, web: URL): string | null {
  if (slug === "") return null
  return new URL(`/${isCloud(web) ? "apps" : "github-apps"}/${slug}/installations/new`, web).href
}

/** GitHub itself, or its clouds with data residency; else a server of one's own. */
function isCloud({ hostname }: URL): boolean {
  return hostname === "github.com" || hostname.endsWith(".ghe.com")
}

function readTokens(answer: TokenAnswer, now: number): AccountTokens {
  if (answer.error !== undefined || answer.access_token === undefined) {
    throw new HostRefused(answer.error ?? "no_token", answer.error_description ?? "GitHub gave no token.")
  }
  const after = (seconds: number | undefined) => (seconds === undefined ? null : now + seconds * 1_000)
  return {
    access: new Secret(answer.access_token),
    accessExpiresAt: after(answer.expires_in),
    refresh: answer.refresh_token === undefined ? null : new Secret(answer.refresh_token),
    refreshExpiresAt: after(answer.refresh_token_expires_in),
  }
}

async function identify(http: GithubHttp, web: URL, access: Secret): Promise<AccountIdentity> {
  const user = await http.get<{ id: number; login: string; name: string | null; email: string | null }>("user", access)
  const { login } = user
  // The address that GitHub itself puts into commits of people who keep theirs private.
  const fallback = `${user.id}+${login}@users.noreply.${web.hostname}`
  const email = user.email ?? (await primaryEmail(http, access)) ?? fallback
  return { subject: String(user.id), login, name: user.name || login, email }
}

/** Null when the app may not read addresses. */
async function primaryEmail(http: GithubHttp, access: Secret): Promise<string | null> {
  try {
    const emails = await http.get<{ email: string; primary: boolean; verified: boolean }[]>("user/emails", access)
    return emails.find(({ primary, verified }) => primary && verified)?.email ?? null
  } catch (error) {
    if (error instanceof HostRefused) return null
    throw error
  }
}
