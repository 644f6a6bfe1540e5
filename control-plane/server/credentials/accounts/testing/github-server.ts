import { createHash, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"

const CLIENT = { id: "Iv1.client", secret: "canary-client-secret" }
const ACCESS_S = 28_800
const REFRESH_S = 15_897_600

export interface GithubServer {
  readonly url: string
  readonly client: typeof CLIENT
  readonly counts: { refreshes: number; revocations: number }
  /** What the user's browser does at the authorize address: allows it, and is sent back. */
  authorize(url: string, as?: { id: number; login: string }): { redirectUri: string; state: string; code: string }
  /** True while a token gives access, as git or the API would check. */
  accepts(token: string): boolean
  /** Answers like an outage until called with false. */
  break(down: boolean): void
  /** The user withdraws what he allowed, at the host. */
  withdraw(login: string): void
}

interface Grant {
  readonly user: { id: number; login: string }
  access: string
  refresh: string
}

/** A server that checks what GitHub checks of an app's user tokens: client, one-use codes, PKCE, one-use refresh tokens. */
export async function startGithubServer(): Promise<GithubServer> {
  const codes = new Map<string, { challenge: string; redirectUri: string; user: Grant["user"] }>()
  const grants: Grant[] = []
  const counts = { refreshes: 0, revocations: 0 }
  let down = false

  function issue(user: Grant["user"], grant?: Grant) {
    const tokens = {
      access: `ghu_${randomBytes(12).toString("hex")}`,
      refresh: `ghr_${randomBytes(12).toString("hex")}`,
    }
    // A refresh ends the tokens before it.
    if (grant === undefined) grants.push({ user, ...tokens })
    else Object.assign(grant, tokens)
    return {
      access_token: tokens.access,
      expires_in: ACCESS_S,
      refresh_token: tokens.refresh,
      refresh_token_expires_in: REFRESH_S,
      token_type: "bearer",
    }
  }

  function token(form: URLSearchParams): Record<string, unknown> {
    if (form.get("client_id") !== CLIENT.id || form.get("client_secret") !== CLIENT.secret)
      return { error: "incorrect_client_credentials" }
    if (form.get("grant_type") === "refresh_token") {
      counts.refreshes++
      const grant = grants.find(({ refresh }) => refresh === form.get("refresh_token"))
      return grant === undefined ? { error: "bad_refresh_token" } : issue(grant.user, grant)
    }
    const code = codes.get(form.get("code") ?? "")
    codes.delete(form.get("code") ?? "")
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url")
    if (code === undefined || code.challenge !== challenge) return { error: "bad_verification_code" }
    if (code.redirectUri !== form.get("redirect_uri")) return { error: "redirect_uri_mismatch" }
    return issue(code.user)
  }

  function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const json = (status: number, value?: unknown) => {
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(value === undefined ? undefined : JSON.stringify(value))
    }
    if (down) return json(503, { message: "unavailable" })
    if (request.url === "/login/oauth/access_token") return json(200, token(new URLSearchParams(body)))
    if (request.url === `/api/v3/applications/${CLIENT.id}/grant` && request.method === "DELETE") {
      const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")
      const index = grants.findIndex(({ access }) => access === JSON.parse(body).access_token)
      if (request.headers.authorization !== `Basic ${basic}` || index < 0) return json(404)
      grants.splice(index, 1)
      counts.revocations++
      return json(204)
    }
    const grant = grants.find(({ access }) => request.headers.authorization === `Bearer ${access}`)
    if (grant === undefined) return json(401, { message: "Bad credentials" })
    if (request.url === "/api/v3/user")
      return json(200, { ...grant.user, name: `Name of ${grant.user.login}`, email: null })
    if (request.url === "/api/v3/user/emails") {
      const email = `${grant.user.login}@example.com`
      return json(200, [
        { email: `old-${email}`, primary: false, verified: true },
        { email, primary: true, verified: true },
      ])
    }
    json(404)
  }

  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text) => {
      body += text
    })
    request.on("end", () => answer(request, response, body))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    client: CLIENT,
    counts,
    authorize(address, user = { id: 7, login: "octo" }) {
      const query = new URL(address).searchParams
      if (query.get("client_id") !== CLIENT.id || query.get("code_challenge_method") !== "S256")
        throw new Error("not allowed")
      const code = randomBytes(10).toString("hex")
      const redirectUri = query.get("redirect_uri") ?? ""
      codes.set(code, { challenge: query.get("code_challenge") ?? "", redirectUri, user })
      return { redirectUri, state: query.get("state") ?? "", code }
    },
    accepts: (value) => grants.some(({ access }) => access === value),
    break: (value) => {
      down = value
    },
    withdraw(login) {
      const index = grants.findIndex(({ user }) => user.login === login)
      if (index >= 0) grants.splice(index, 1)
    },
  }
}
