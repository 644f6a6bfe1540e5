import type { IncomingMessage } from "node:http"
import type { Audit } from "../audit/types.ts"
import type { Config } from "../config/types.ts"
import type { Vault } from "../credentials/index.ts"
import type { Database } from "../database/index.ts"
import { AppError, isAppError } from "../errors/index.ts"
import type { Logger } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { type ApiTokens, createApiTokens } from "./api-tokens/index.ts"
import { createKeyMethod } from "./api-tokens/key-method.ts"
import { readStaticKeys } from "./api-tokens/static-keys.ts"
import { createHeaderSignIn } from "./header/index.ts"
import { createLoginCookie, type LoginCookie } from "./logins/cookie.ts"
import { createLogins, type Logins } from "./logins/index.ts"
import { createOidcSignIn, type OidcSignIn } from "./oidc/index.ts"
import { createProviderLogins, type ProviderLogins } from "./oidc/logins.ts"
import { type Accounts, createPasswordSignIn, ensureFirstAdministrator, subjectOf } from "./password/index.ts"
import { createRefusals } from "./refusals.ts"
import type { Authentication, NewLogin, Offer, Principal, SignInMethod, Visitor } from "./types.ts"
import { createUsers, type Users } from "./users/index.ts"

export { apiKeyFaults } from "./api-tokens/static-keys.ts"
export { authorize } from "./authorize.ts"
export { type NewAccount, type PasswordGiven, resetAdministrator } from "./password/index.ts"
export { PERMISSIONS, type Permission, SCOPES, type Scope } from "./permissions.ts"
export type { Authentication, NewLogin, Visitor } from "./types.ts"
export type { UserPatch } from "./users/index.ts"

/** People: who they are, how they prove it, and the browsers and tokens they do it with. */
export interface Identity {
  /** Makes the first administrator when the database has no account with a password yet. */
  start(): Promise<void>
  /** What the sign-in page offers. */
  readonly offers: readonly Offer[]
  readonly cookie: LoginCookie
  readonly logins: Logins
  readonly tokens: ApiTokens
  readonly users: Users
  /** The one answer to "who is this?" for HTTP, event streams and WebSockets. Null: nobody. */
  authenticate(request: IncomingMessage, visitor: Visitor): Promise<Authentication | null>
  /** Whether each still holds. Asked every few seconds about open streams, in one query a kind of proof. */
  stillValid(authentications: readonly Authentication[]): Promise<readonly boolean[]>
  /**
   * `remember` is a second `Set-Cookie`: others' wrong passwords do not keep a browser out that signed in before.
   * @throws AppError `not_found` when passwords are off, `unauthenticated`, `too_many_requests`
   */
  signInWithPassword(
    input: { email: string; password: string },
    visitor: Visitor,
    cookieHeader: string | undefined,
  ): Promise<NewLogin & { readonly remember: string }>
  /** Accounts with a password here. @throws AppError `not_found` when passwords are off */
  readonly accounts: Accounts
  /** The way over an identity provider; null when there is none. */
  readonly provider: ProviderSignIn | null
  /** Where to sign out at the provider as well; null when there is no such place. */
  signOutUrl(principal: Principal): Promise<string | null>
}

/** Leaving for the identity provider and coming back. */
export interface ProviderSignIn {
  begin(providerId: string, returnTo: unknown, visitor: Visitor): Promise<{ location: string; cookie: string }>
  finish(
    providerId: string,
    search: string,
    cookieHeader: string | undefined,
    visitor: Visitor,
  ): Promise<{ login: NewLogin; returnTo: string }>
  /** Where a sign-in begins, under the installation's public name. */
  readonly beginsAt: string
  /** `Set-Cookie` that removes what `begin` had set. */
  clearCookie(): string
}

export interface IdentityParts {
  readonly config: Config
  readonly database: Database
  readonly audit: Audit
  readonly log: Logger
  readonly clock: Clock
  readonly vault: Pick<Vault, "seal" | "open">
}

/** @throws Error when the operator's API keys cannot be read */
export function createIdentity(parts: IdentityParts): Identity {
  const { config, database, audit, log, clock } = parts
  const { file } = config
  const cookie = createLoginCookie(file.public.tls)
  const password = file.passwordAuth.enabled ? createPasswordSignIn(parts) : null
  const oidc = file.oidc.enabled ? createOidcSignIn(parts) : null
  const providerLogins = oidc ? createProviderLogins({ ...parts, oidc }) : null
  const logins = createLogins({ database, clock, cookie, ...(providerLogins ?? {}) })
  const tokens = createApiTokens(parts)
  const refusals = createRefusals(parts)
  const methods: SignInMethod[] = [
    tokens,
    createKeyMethod({ database, clock, keys: readStaticKeys(config.apiKeys) }),
    logins,
  ]
  if (file.headerAuth.enabled) methods.push(createHeaderSignIn(parts))

  const noteSignIn: NoteSignIn = async (user, facts, { requestId, address }, outcome = "ok") => {
    const who = { actorId: user.id, actor: user.email, requestId, address }
    await audit.record({ ...who, action: "login.create", outcome, facts })
  }

  return {
    cookie,
    logins,
    tokens,
    users: createUsers({ database, audit }),
    offers: [
      ...(oidc ? [oidc.offer] : []),
      ...(password ? [{ id: "password", kind: "form", label: "E-mail and password", path: null } as const] : []),
    ],
    async start() {
      if (password) await ensureFirstAdministrator({ database, audit, log, administrator: config.firstAdministrator })
    },
    authenticate: (request, visitor) => firstProof(methods, refusals, request, visitor),
    stillValid: (authentications) => askMethods(methods, authentications, clock.now()),
    async signInWithPassword(input, visitor, cookieHeader) {
      if (!password) throw passwordsAreOff()
      const verified = await password.verify(input, visitor, cookieHeader)
      const { remember, mustChange: mustChangePassword, stillHolds: stillProven } = verified
      const user = { id: verified.userId, email: subjectOf(input.email) }
      const previousToken = cookie.read(cookieHeader)
      const options = { method: "password", previousToken, stillProven, mustChangePassword } as const
      try {
        const login = await logins.start(user, visitor, options)
        await noteSignIn(user, { method: "password", login: login.id }, visitor)
        return { ...login, remember }
      } catch (error) {
        if (isAppError(error, "unauthenticated")) {
          await noteSignIn(user, { method: "password", why: error.detail }, visitor, "refused")
        }
        throw error
      }
    },
    get accounts() {
      if (!password) throw passwordsAreOff()
      return password.accounts
    },
    provider: oidc && providerLogins && providerSignIn({ oidc, providerLogins, logins, cookie, noteSignIn }),
    signOutUrl: async ({ loginId, method }) =>
      method === "oidc" && loginId !== null ? ((await providerLogins?.signOutUrl(loginId)) ?? null) : null,
  }
}

/** Who the first method that finds a proof says it is; a proof that does not hold is noted and refused. */
async function firstProof(
  methods: readonly SignInMethod[],
  refusals: ReturnType<typeof createRefusals>,
  ...[request, visitor]: Parameters<Identity["authenticate"]>
): ReturnType<Identity["authenticate"]> {
  for (const method of methods) {
    try {
      const authentication = await method.authenticate(request, visitor)
      if (authentication) return authentication
    } catch (error) {
      await refusals.note(method.kind, error, visitor)
      throw error
    }
  }
  return null
}

function passwordsAreOff(): AppError {
  return new AppError("not_found", "Signing in with a password is switched off here.")
}

type NoteSignIn = (
  user: { id: string; email: string },
  facts: { method: string; login?: string; why?: string | undefined },
  visitor: Visitor,
  outcome?: "ok" | "refused",
) => Promise<void>

function providerSignIn(parts: {
  oidc: OidcSignIn
  providerLogins: ProviderLogins
  logins: Logins
  cookie: LoginCookie
  noteSignIn: NoteSignIn
}): ProviderSignIn {
  const { oidc, providerLogins, logins, cookie, noteSignIn } = parts
  return {
    begin: (providerId, returnTo, { requestId }) => oidc.begin(providerId, returnTo, requestId),
    beginsAt: oidc.beginsAt,
    clearCookie: () => oidc.clearCookie(),
    async finish(providerId, search, cookieHeader, visitor) {
      const { user, stillHolds, tokens, returnTo } = await oidc.finish(
        providerId,
        search,
        cookieHeader,
        visitor.requestId,
      )
      const previousToken = cookie.read(cookieHeader)
      const kept = providerLogins.optionsFor(user.id, tokens)
      const options = { method: "oidc", previousToken, stillProven: stillHolds, ...kept } as const
      const login = await logins.start(user, visitor, options)
      await noteSignIn(user, { method: "oidc", login: login.id }, visitor)
      return { login, returnTo }
    },
  }
}

/** Each method is asked about its own, all at the same time; what no method knows does not hold. */
async function askMethods(
  methods: readonly SignInMethod[],
  authentications: readonly Authentication[],
  now: number,
): Promise<readonly boolean[]> {
  const valid = new Set<Authentication>()
  await Promise.all(
    methods.map(async (method) => {
      const own = authentications.filter(({ kind }) => kind === method.kind)
      if (own.length === 0) return
      const answers = await method.stillValid(own)
      for (const [index, authentication] of own.entries()) if (answers[index]) valid.add(authentication)
    }),
  )
  return authentications.map(
    (authentication) => valid.has(authentication) && (authentication.expiresAt ?? Infinity) > now,
  )
}

export { loadSettings, saveSettings } from "./users/settings-store.ts"
