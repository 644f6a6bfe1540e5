import { createHmac, randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll } from "vitest"
import type { GithubApp } from "../../../control-plane/server/credentials/accounts/github/app.ts"
import type { SignedRequest } from "../../../control-plane/server/credentials/accounts/provider.ts"
import { Secret } from "../../../control-plane/server/crypto/index.ts"
import { APP, createGrants, type GithubUser, type Grants } from "./github-grants.ts"
import { createRepositories, type GithubRepository } from "./github-repositories.ts"

const OCTO: GithubUser = { id: 7, login: "octo" }

/** A person of this GitHub, always with the same id. */
export function userOf(login: string): GithubUser {
  return login === OCTO.login ? OCTO : { id: Buffer.from(login).readUIntBE(0, Math.min(login.length, 5)), login }
}

interface Options {
  readonly now?: () => number
  /** Answers git's requests that are let through; without it there is no git. */
  readonly git?: (request: IncomingMessage, response: ServerResponse) => void
}

/** A server that checks what GitHub checks of an app, its users' tokens and git's requests. */
export function createGithubShape({ now = Date.now, git }: Options = {}) {
  const grants = createGrants(now)
  const { repositories, installation, gitRefusal } = createRepositories(grants, now)
  const state = { down: false, readsEmails: true }
  const api = { grants, installation, state }

  return {
    counts: grants.counts as Readonly<typeof grants.counts>,
    /** By `owner/name`. */
    repositories: repositories as Map<string, GithubRepository>,
    /** Registers an address that users may be sent back to. */
    register: (callback: string) => void grants.callbacks.add(callback),
    /** What the user's browser does at the authorize address: allows it, and is sent back. */
    authorize(address: string, user: GithubUser = OCTO): { state: string; code: string } {
      const { state: sent, code } = grants.consent(new URL(address).searchParams, user)
      return { state: sent, code }
    },
    /** True while a token gives access, as git or the API would check. */
    accepts: (token: string) => grants.byAccess(token) !== undefined,
    /** How many tokens of a user count at the moment. */
    tokensOf: (login: string) => grants.countOf(login),
    /** Answers like an outage until called with false. */
    break: (value: boolean) => {
      state.down = value
    },
    /** Whether the app may read its users' addresses. */
    letReadEmails: (value: boolean) => {
      state.readsEmails = value
    },
    /** The user withdraws what he allowed, at the host. */
    withdraw: (login: string) => void grants.withdraw(login),
    handler(request: IncomingMessage, response: ServerResponse): void {
      if (/\/(info\/refs|git-upload-pack|git-receive-pack)(\?|$)/.test(request.url ?? "")) {
        const refusal = state.down ? 503 : gitRefusal(request)
        if (refusal === null && git !== undefined) return git(request, response)
        response.writeHead(refusal ?? 404, refusal === 401 ? { "www-authenticate": 'Basic realm="GitHub"' } : {}).end()
        return
      }
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString()
        if (state.down) respond(response, [503, { message: "unavailable" }])
        else if (request.url?.startsWith("/login/oauth/authorize?")) sendBack(grants, request, response)
        else respond(response, answer(api, request, body))
      })
    },
  }
}

export type GithubShape = ReturnType<typeof createGithubShape>

export interface GithubServer extends Omit<GithubShape, "handler"> {
  readonly url: string
  /** The app, as an installation of Berth is configured with it. */
  readonly app: GithubApp
}

/** The server on a free port of 127.0.0.1, closed after the file's last test. */
export async function startGithubServer(options: Options = {}): Promise<GithubServer> {
  const { handler, ...shape } = createGithubShape(options)
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { ...shape, url, app: appOf(url) }
}

function appOf(baseUrl: string): GithubApp {
  return {
    id: APP.id,
    slug: APP.slug,
    clientId: APP.clientId,
    baseUrl,
    clientSecret: async () => new Secret(APP.clientSecret),
    privateKey: async () => new Secret(APP.privateKey),
    webhookSecret: async () => new Secret(APP.webhookSecret),
  }
}

/** What GitHub posts to the app's webhook. */
export function deliveryOf(event: string, payload: object, id: string = randomUUID()): SignedRequest {
  const body = Buffer.from(JSON.stringify(payload))
  return {
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${createHmac("sha256", APP.webhookSecret).update(body).digest("hex")}`,
    },
  }
}

/** The browser of a person whom the cookie `login` names is sent back with a code. */
function sendBack(grants: Grants, request: IncomingMessage, response: ServerResponse): void {
  const [, login] = /(?:^|; )login=(\w+)/.exec(request.headers.cookie ?? "") ?? []
  if (login === undefined) return respond(response, [401, { message: "Sign in first" }])
  try {
    const { searchParams } = new URL(request.url ?? "", "http://github")
    const { state, code, redirectUri } = grants.consent(searchParams, userOf(login))
    response.writeHead(302, { location: `${redirectUri}?${new URLSearchParams({ code, state })}` }).end()
  } catch (error) {
    respond(response, [400, { message: String(error) }])
  }
}

type Answer = readonly [number, unknown?]

function respond(response: ServerResponse, [status, value]: Answer): void {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(value === undefined ? undefined : JSON.stringify(value))
}

interface Api extends Pick<ReturnType<typeof createRepositories>, "installation"> {
  readonly grants: Grants
  readonly state: { readonly readsEmails: boolean }
}

function answer(api: Api, request: IncomingMessage, body: string): Answer {
  const { authorization = "", accept = "" } = request.headers
  if (request.url === "/login/oauth/access_token") {
    if (request.method !== "POST") return [404]
    // Without this header GitHub answers a form.
    return accept === "application/json" ? [200, api.grants.token(new URLSearchParams(body))] : [406]
  }
  const [, path] = /^\/api\/v3(\/.*)$/.exec(request.url ?? "") ?? []
  if (path === undefined) return [404]
  if (request.headers["user-agent"] === undefined)
    return [403, { message: "Request forbidden by administrative rules" }]
  if (path.startsWith("/applications/")) return aboutToken(api.grants, request, path, body)
  const [, repository] = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(path) ?? []
  if (repository !== undefined) return api.installation(repository, authorization)
  return aboutUser(api, path, authorization)
}

function aboutToken(grants: Grants, { method, headers }: IncomingMessage, path: string, body: string): Answer {
  const basic = Buffer.from(`${APP.clientId}:${APP.clientSecret}`).toString("base64")
  if (headers.authorization !== `Basic ${basic}`) return [404]
  const { access_token } = JSON.parse(body) as { access_token: string }
  const user = grants.byAccess(access_token)?.user
  if (user === undefined) return [404, { message: "Not Found" }]
  if (path === `/applications/${APP.clientId}/token`) {
    if (method === "POST") return [200, { user }]
    if (method === "DELETE") grants.end(access_token)
    return method === "DELETE" ? [204] : [404]
  }
  if (path !== `/applications/${APP.clientId}/grant` || method !== "DELETE") return [404]
  grants.counts.revocations++
  grants.withdraw(user.login)
  return [204]
}

function aboutUser({ grants, state }: Api, path: string, authorization: string): Answer {
  const user = grants.byAccess(authorization.replace("Bearer ", ""))?.user
  if (user === undefined) return [401, { message: "Bad credentials" }]
  if (path === "/user") return [200, { ...user, name: `Name of ${user.login}`, email: null }]
  if (path !== "/user/emails") return [404]
  if (!state.readsEmails) return [403, { message: "Resource not accessible by integration" }]
  const email = `${user.login}@example.com`
  return [
    200,
    [
      { email: `old-${email}`, primary: false, verified: true },
      { email, primary: true, verified: true },
    ],
  ]
}
