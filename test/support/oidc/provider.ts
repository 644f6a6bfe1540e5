import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { decodeJwt, decodeProtectedHeader, exportJWK, type JWTPayload, SignJWT } from "jose"
import Provider from "oidc-provider"

export interface Account {
  sub: string
  email?: string
  email_verified?: unknown
  name?: string
  groups?: string[]
}

/** What the proxy in front of the provider changes, which the provider itself would never answer. */
export interface Tampering {
  /** JSON answers, by path: `/.well-known/openid-configuration`, `/jwks`, `/token`, `/me`. */
  json?: Record<string, (body: Record<string, unknown>) => Record<string, unknown>>
  /** ID tokens: other claims and header; null leaves the token without a signature. */
  idToken?: (claims: JWTPayload, header: Record<string, unknown>) => { key?: KeyObject | null }
  /** The way back to us. */
  callback?: (url: URL) => void
  /** Every answer is this status. */
  down?: number
  /** Every answer waits for it. */
  held?: Promise<void>
}

export interface TestProvider {
  readonly issuer: string
  /** Who signs in next. */
  account: Account
  refreshTokens: boolean
  tampering: Tampering
  readonly asked: string[]
  readonly key: KeyObject
  /** From now on signs with another key. */
  rotateKey(): void
  /** The provider forgets every grant that it gave. */
  revokeGrants(): void
  restoreGrants(): void
  stop(): Promise<void>
}

export const CLIENTS = { confidential: "berth", basic: "berth-basic", public: "berth-public" } as const
export const CLIENT_SECRET = "the client's secret, which is long enough"

/** A real OpenID provider that lets its one account in without asking, behind a proxy that can lie. */
export async function startProvider(options: { redirectUris: string[]; homeUri: string }): Promise<TestProvider> {
  const front = createServer()
  const issuer = `http://127.0.0.1:${await listen(front)}`
  const inner = await startInner(issuer, options, () => state)
  const state: TestProvider = {
    issuer,
    account: { sub: "ann", email: "ann@example.com", email_verified: true, name: "Ann" },
    refreshTokens: true,
    tampering: {},
    asked: [],
    get key() {
      return inner.key
    },
    rotateKey() {
      inner.rotate()
    },
    revokeGrants() {
      inner.revoked = true
    },
    restoreGrants() {
      inner.revoked = false
    },
    async stop() {
      for (const server of [front, inner.server]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
  front.on("request", (request, response) => {
    state.asked.push(`${request.method} ${request.url?.split("?")[0]}`)
    forward(state, inner.port, request, response).catch(() => response.destroy())
  })
  return state
}

interface Inner {
  readonly server: Server
  readonly port: number
  key: KeyObject
  revoked: boolean
  rotate(): void
}

async function startInner(
  issuer: string,
  options: { redirectUris: string[]; homeUri: string },
  state: () => TestProvider,
): Promise<Inner> {
  let serial = 0
  const newKey = async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    serial += 1
    const jwk = { ...(await exportJWK(privateKey)), kid: `k${serial}`, use: "sig", alg: "RS256" }
    return { privateKey, jwk }
  }
  const [first, ...later] = [await newKey(), await newKey(), await newKey(), await newKey()]
  if (first === undefined) throw new Error("there is a first key")
  const storage = new Map<string, Record<string, unknown>>()
  const make = ({ jwk }: { jwk: object }) => createProvider(issuer, options, state, jwk, storage, () => inner.revoked)
  let handle = make(first).callback()
  const server = createServer((request, response) => void handle(request, response))
  const port = await listen(server)
  const inner: Inner = {
    server,
    port,
    key: first.privateKey,
    revoked: false,
    rotate() {
      const next = later.shift()
      if (next === undefined) throw new Error("make more keys")
      handle = make(next).callback()
      inner.key = next.privateKey
    },
  }
  return inner
}

function createProvider(
  issuer: string,
  options: { redirectUris: string[]; homeUri: string },
  state: () => TestProvider,
  jwk: object,
  storage: Map<string, Record<string, unknown>>,
  revoked: () => boolean,
): Provider {
  const client = (client_id: string, more: object) => ({
    client_id,
    // "native": redirect addresses on the loopback interface without TLS.
    application_type: "native",
    redirect_uris: options.redirectUris,
    post_logout_redirect_uris: [options.homeUri],
    grant_types: ["authorization_code", "refresh_token"],
    ...more,
  })
  const secret = { client_secret: CLIENT_SECRET }
  const provider = new Provider(issuer, {
    adapter: storageAdapter(storage, revoked),
    clients: [
      client(CLIENTS.confidential, { ...secret, token_endpoint_auth_method: "client_secret_post" }),
      client(CLIENTS.basic, { ...secret, token_endpoint_auth_method: "client_secret_basic" }),
      client(CLIENTS.public, { token_endpoint_auth_method: "none" }),
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: ["a key for the provider's cookies"] },
    features: { devInteractions: { enabled: false } },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    scopes: ["openid", "email", "profile", "groups"],
    findAccount: (_ctx: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ ...state().account, sub: accountId }),
    }),
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    issueRefreshToken: () => state().refreshTokens,
    rotateRefreshToken: true,
    loadExistingGrant: async (ctx: GrantContext) => {
      const { client: asking, session, provider: own } = ctx.oidc
      const grant = new own.Grant({ clientId: asking.clientId, accountId: session.accountId })
      grant.addOIDCScope("openid email profile groups")
      await grant.save()
      return grant
    },
  })
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith("/interaction/")) return await next()
    ctx.respond = false
    // Native clients are always asked for consent too.
    const result = { login: { accountId: state().account.sub }, consent: {} }
    await provider.interactionFinished(ctx.req, ctx.res, result)
  })
  return provider
}

interface GrantContext {
  oidc: {
    client: { clientId: string }
    session: { accountId: string }
    provider: { Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<void> } }
  }
}

/** The provider's storage in memory, kept over a rotation of keys. */
function storageAdapter(storage: Map<string, Record<string, unknown>>, revoked: () => boolean) {
  return class {
    readonly #model: string
    constructor(model: string) {
      this.#model = model
    }
    async upsert(id: string, payload: Record<string, unknown>) {
      storage.set(`${this.#model}:${id}`, payload)
      if (typeof payload.uid === "string") storage.set(`uid:${payload.uid}`, payload)
    }
    async find(id: string) {
      return this.#model === "RefreshToken" && revoked() ? undefined : storage.get(`${this.#model}:${id}`)
    }
    async findByUid(uid: string) {
      return storage.get(`uid:${uid}`)
    }
    async findByUserCode() {
      return undefined
    }
    async consume(id: string) {
      const found = storage.get(`${this.#model}:${id}`)
      if (found) found.consumed = Math.floor(Date.now() / 1_000)
    }
    async destroy(id: string) {
      storage.delete(`${this.#model}:${id}`)
    }
    async revokeByGrantId(grantId: string) {
      for (const [key, payload] of storage) if (payload.grantId === grantId) storage.delete(key)
    }
  }
}

async function forward(state: TestProvider, port: number, request: IncomingMessage, response: ServerResponse) {
  const { tampering } = state
  await tampering.held
  if (tampering.down !== undefined) return response.writeHead(tampering.down).end()
  const { method, url, headers } = request
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.pipe(httpRequest({ port, host: "127.0.0.1", method, path: url, headers }, resolve).on("error", reject))
  })
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  let body = Buffer.concat(chunks)
  const { "content-length": _length, "transfer-encoding": _encoding, ...kept } = answer.headers
  const path = url?.split("?")[0] ?? ""
  if (answer.headers["content-type"]?.includes("json") && answer.statusCode === 200) {
    let json = JSON.parse(body.toString()) as Record<string, unknown>
    if (path === "/token" && tampering.idToken && typeof json.id_token === "string") {
      json.id_token = await changeToken(json.id_token, tampering.idToken, state.key)
    }
    json = tampering.json?.[path]?.(json) ?? json
    body = Buffer.from(JSON.stringify(json))
  }
  if (tampering.callback && kept.location?.includes("/api/auth/callback/")) {
    const target = new URL(kept.location)
    tampering.callback(target)
    kept.location = target.href
  }
  response.writeHead(answer.statusCode ?? 502, kept).end(body)
}

async function changeToken(token: string, change: NonNullable<Tampering["idToken"]>, key: KeyObject): Promise<string> {
  const claims = decodeJwt(token)
  const header: Record<string, unknown> = { ...decodeProtectedHeader(token) }
  const { key: other = key } = change(claims, header)
  if (other === null) {
    const parts = [{ ...header, alg: "none" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    )
    return `${parts.join(".")}.`
  }
  return await new SignJWT(claims).setProtectedHeader({ ...header, alg: "RS256" }).sign(other)
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}
