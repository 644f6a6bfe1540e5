import { randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"
import { CLIENT, createGrants, type GithubUser } from "./github-grants.ts"

export interface GithubServer {
  readonly url: string
  readonly client: typeof CLIENT
  readonly counts: { readonly refreshes: number; readonly revocations: number }
  /** What the user's browser does at the authorize address: allows it, and is sent back. */
  authorize(url: string, as?: GithubUser): { state: string; code: string }
  /** True while a token gives access, as git or the API would check. */
  accepts(token: string): boolean
  /** Answers like an outage until called with false. */
  break(down: boolean): void
  /** The user withdraws what he allowed, at the host. */
  withdraw(login: string): void
}

type Grants = ReturnType<typeof createGrants>

/** A server that checks what GitHub checks of an app's user tokens. */
export async function startGithubServer(): Promise<GithubServer> {
  const grants = createGrants()
  let down = false
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text) => {
      body += text
    })
    request.on("end", () => {
      const [status, value] = down ? [503, { message: "unavailable" }] : answer(grants, request, body)
      respond(response, status, value)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    client: CLIENT,
    counts: grants.counts,
    authorize(address, user = { id: 7, login: "octo" }) {
      const query = new URL(address).searchParams
      if (query.get("client_id") !== CLIENT.id || query.get("code_challenge_method") !== "S256") {
        throw new Error("not an authorization request of the app")
      }
      const code = randomBytes(10).toString("hex")
      const redirectUri = query.get("redirect_uri") ?? ""
      grants.addCode(code, { challenge: query.get("code_challenge") ?? "", redirectUri, user })
      return { state: query.get("state") ?? "", code }
    },
    accepts: (token) => grants.byAccess(token) !== undefined,
    break: (value) => {
      down = value
    },
    withdraw: (login) => void grants.remove(({ user }) => user.login === login),
  }
}

function respond(response: ServerResponse, status: number, value?: unknown): void {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(value === undefined ? undefined : JSON.stringify(value))
}

function answer(grants: Grants, request: IncomingMessage, body: string): [number, unknown?] {
  const { authorization = "" } = request.headers
  if (request.url === "/login/oauth/access_token") return [200, grants.token(new URLSearchParams(body))]
  if (request.url === `/api/v3/applications/${CLIENT.id}/grant` && request.method === "DELETE") {
    const basic = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")
    const { access_token } = JSON.parse(body) as { access_token: string }
    const removed = authorization === `Basic ${basic}` && grants.remove(({ access }) => access === access_token)
    if (removed) grants.counts.revocations++
    return [removed ? 204 : 404]
  }
  const user = grants.byAccess(authorization.replace("Bearer ", ""))?.user
  if (user === undefined) return [401, { message: "Bad credentials" }]
  if (request.url === "/api/v3/user") return [200, { ...user, name: `Name of ${user.login}`, email: null }]
  if (request.url !== "/api/v3/user/emails") return [404]
  const email = `${user.login}@example.com`
  return [
    200,
    [
      { email: `old-${email}`, primary: false, verified: true },
      { email, primary: true, verified: true },
    ],
  ]
}
