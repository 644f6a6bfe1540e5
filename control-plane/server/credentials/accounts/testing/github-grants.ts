import { createHash, randomBytes } from "node:crypto"

export const CLIENT = { id: "Iv1.client", secret: "canary-client-secret" }
const ACCESS_S = 28_800
const REFRESH_S = 15_897_600

export interface GithubUser {
  readonly id: number
  readonly login: string
}

interface Grant {
  readonly user: GithubUser
  access: string
  refresh: string
}

/** What users allowed the app, with GitHub's rules: codes and refresh tokens work once, PKCE, one address to return to. */
export function createGrants() {
  const codes = new Map<string, { challenge: string; redirectUri: string; user: GithubUser }>()
  const grants: Grant[] = []
  const counts = { refreshes: 0, revocations: 0 }

  function issue(user: GithubUser, grant?: Grant): Record<string, unknown> {
    const random = () => randomBytes(12).toString("hex")
    const tokens = { access: `ghu_${random()}`, refresh: `ghr_${random()}` }
    // A refresh ends the tokens before it.
    if (grant === undefined) grants.push({ user, ...tokens })
    else Object.assign(grant, tokens)
    const lives = { expires_in: ACCESS_S, refresh_token_expires_in: REFRESH_S }
    return { access_token: tokens.access, refresh_token: tokens.refresh, token_type: "bearer", ...lives }
  }

  function redeem(form: URLSearchParams): Record<string, unknown> {
    const code = codes.get(form.get("code") ?? "")
    codes.delete(form.get("code") ?? "")
    const verifier = form.get("code_verifier") ?? ""
    const challenge = createHash("sha256").update(verifier).digest("base64url")
    if (code === undefined || code.challenge !== challenge) return { error: "bad_verification_code" }
    return code.redirectUri === form.get("redirect_uri") ? issue(code.user) : { error: "redirect_uri_mismatch" }
  }

  return {
    counts,
    byAccess: (token: string) => grants.find(({ access }) => access === token),
    addCode(code: string, of: { challenge: string; redirectUri: string; user: GithubUser }): void {
      codes.set(code, of)
    },
    /** The token endpoint. */
    token(form: URLSearchParams): Record<string, unknown> {
      const isClient = form.get("client_id") === CLIENT.id && form.get("client_secret") === CLIENT.secret
      if (!isClient) return { error: "incorrect_client_credentials" }
      if (form.get("grant_type") !== "refresh_token") return redeem(form)
      counts.refreshes++
      const grant = grants.find(({ refresh }) => refresh === form.get("refresh_token"))
      return grant === undefined ? { error: "bad_refresh_token" } : issue(grant.user, grant)
    },
    /** False when no grant is like that. */
    remove(which: (grant: Readonly<Grant>) => boolean): boolean {
      const index = grants.findIndex(which)
      if (index >= 0) grants.splice(index, 1)
      return index >= 0
    },
  }
}
