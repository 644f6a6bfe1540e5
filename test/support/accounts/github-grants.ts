import { createHash, generateKeyPairSync, randomBytes } from "node:crypto"

const CODE_MS = 600_000
const ACCESS_MS = 28_800_000
const REFRESH_MS = 15_897_600_000

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  // As GitHub hands it out.
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
})

/** The GitHub App that the server knows. Its secrets are for searching where they must not be. */
export const APP = {
  id: "4711",
  slug: "berth-test",
  clientId: "Iv1.client",
  clientSecret: "canary-client-secret",
  webhookSecret: "canary-webhook-secret",
  ...keys,
} as const

export interface GithubUser {
  readonly id: number
  readonly login: string
}

interface Token {
  readonly user: GithubUser
  readonly access: string
  readonly accessExpiresAt: number
  readonly refresh: string
  readonly refreshExpiresAt: number
}

interface Code {
  readonly challenge: string
  readonly redirectUri: string
  readonly user: GithubUser
  readonly expiresAt: number
}

/** Tokens of users, which end by GitHub's rules. */
function createTokens(now: () => number) {
  let tokens: Token[] = []
  const keep = (which: (token: Token) => boolean) => {
    const before = tokens.length
    tokens = tokens.filter(which)
    return tokens.length < before
  }
  function issue(user: GithubUser): Record<string, unknown> {
    const token = newToken(user, now())
    tokens.push(token)
    return {
      access_token: token.access,
      expires_in: ACCESS_MS / 1_000,
      refresh_token: token.refresh,
      refresh_token_expires_in: REFRESH_MS / 1_000,
      token_type: "bearer",
      // An app's tokens have permissions in place of scopes.
      scope: "",
    }
  }
  return {
    issue,
    byAccess: (given: string) =>
      tokens.find(({ access, accessExpiresAt }) => access === given && accessExpiresAt > now()),
    /** Works once: it ends both tokens before it. */
    refresh(given: string | null): Record<string, unknown> {
      const token = tokens.find((one) => one.refresh === given && one.refreshExpiresAt > now())
      if (token === undefined) return { error: "bad_refresh_token" }
      keep((one) => one !== token)
      return issue(token.user)
    },
    countOf: (login: string) => tokens.filter(({ user }) => user.login === login).length,
    end: (access: string) => void keep((token) => token.access !== access),
    /** Ends everything that a user has allowed; false when that was nothing. */
    withdraw: (login: string) => keep(({ user }) => user.login !== login),
  }
}

/** What users allowed the app, by GitHub's rules: everything counts once and not for ever. */
export function createGrants(now: () => number) {
  const codes = new Map<string, Code>()
  const counts = { refreshes: 0, revocations: 0 }
  /** Where the app's settings let users be sent back to. */
  const callbacks = new Set<string>()
  const { issue, refresh, ...tokens } = createTokens(now)

  function redeem(form: URLSearchParams): Record<string, unknown> {
    const code = codes.get(form.get("code") ?? "")
    codes.delete(form.get("code") ?? "")
    const verifier = form.get("code_verifier") ?? ""
    const challenge = createHash("sha256").update(verifier).digest("base64url")
    if (code === undefined || code.expiresAt <= now() || code.challenge !== challenge) {
      return { error: "bad_verification_code" }
    }
    return code.redirectUri === form.get("redirect_uri") ? issue(code.user) : { error: "redirect_uri_mismatch" }
  }

  return {
    ...tokens,
    counts,
    callbacks,
    /** The user's consent to an authorization request. @throws Error for a request that GitHub shows an error page for */
    consent(query: URLSearchParams, user: GithubUser): { state: string; code: string; redirectUri: string } {
      const { redirectUri, challenge } = readRequest(query, callbacks)
      const code = randomBytes(10).toString("hex")
      codes.set(code, { challenge, redirectUri, user, expiresAt: now() + CODE_MS })
      return { state: query.get("state") ?? "", code, redirectUri }
    },
    /** The token endpoint. */
    token(form: URLSearchParams): Record<string, unknown> {
      const isClient = form.get("client_id") === APP.clientId && form.get("client_secret") === APP.clientSecret
      if (!isClient) return { error: "incorrect_client_credentials" }
      const type = form.get("grant_type")
      if (type === "refresh_token") {
        counts.refreshes++
        return refresh(form.get("refresh_token"))
      }
      return type === null || type === "authorization_code" ? redeem(form) : { error: "unsupported_grant_type" }
    },
  }
}

export type Grants = ReturnType<typeof createGrants>

function newToken(user: GithubUser, now: number): Token {
  const random = () => randomBytes(12).toString("hex")
  return {
    user,
    access: `ghu_${random()}`,
    accessExpiresAt: now + ACCESS_MS,
    refresh: `ghr_${random()}`,
    refreshExpiresAt: now + REFRESH_MS,
  }
}

function readRequest(query: URLSearchParams, callbacks: ReadonlySet<string>) {
  const redirectUri = query.get("redirect_uri") ?? ""
  const challenge = query.get("code_challenge") ?? ""
  if (query.get("client_id") !== APP.clientId) throw new Error("no such app")
  if (!callbacks.has(redirectUri)) throw new Error(`${redirectUri} is not a callback of the app`)
  if (query.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge)) throw new Error("no PKCE")
  return { redirectUri, challenge }
}
