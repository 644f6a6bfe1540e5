import * as oidc from "openid-client"
import type { Config } from "../../config/index.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import { deleteLogins } from "../logins/store.ts"
import { safeReturnPath } from "../return-path.ts"
import { createRoleOf } from "../roles.ts"
import type { Offer } from "../types.ts"
import { findUser, linkLocalUser, type UserRecord, upsertUser } from "../users/store.ts"
import { endsSignIn, explain, toSignInError } from "./failures.ts"
import { claimsOf, type Person, personOf } from "./person.ts"
import { createProvider, type Provider } from "./provider.ts"
import { createTransactions, type Transactions } from "./transaction.ts"

/** What the provider gave with a sign-in, to ask it again later and to sign out there. */
export interface ProviderTokens {
  readonly subject: string
  readonly refreshToken: string | null
  readonly idToken: string
  /** Milliseconds until it should be asked again. */
  readonly valid_ms: number
}

/** Somebody whom the provider vouches for and who may come in. */
export interface Found {
  readonly user: UserRecord
  readonly tokens: ProviderTokens
  readonly returnTo: string
  /** Whether the account is still in force. */
  stillHolds(transaction: Database): Promise<boolean>
}

/** Sign-in at an OpenID provider: the authorization code flow with PKCE. */
export interface OidcSignIn {
  readonly offer: Offer
  /** Where to send the browser, and the cookie that remembers it. @throws AppError `not_found`, `unavailable` */
  begin(providerId: string, returnTo: unknown, requestId: string): Promise<{ location: string; cookie: string }>
  /** Where a sign-in begins, under the public name: the provider sends the browser back there, and so does its cookie. */
  readonly beginsAt: string
  /** Who came back. @throws AppError `unauthenticated`, `unavailable`, `not_found` */
  finish(providerId: string, search: string, cookieHeader: string | undefined, requestId: string): Promise<Found>
  clearCookie(): string
  /** Where to go to sign out at the provider too; null when it offers no such place. */
  signOutUrl(idToken: string): Promise<string | null>
  /**
   * Asks the provider whether the sign-in still holds, with its refresh token.
   * Answers the new tokens, or null when the provider says that it is over. @throws when it could not be asked
   */
  refresh(tokens: Omit<ProviderTokens, "valid_ms">): Promise<ProviderTokens | null>
}

const CHECK_MS_MIN = 5 * 60_000
const CHECK_MS_MAX = 3_600_000

interface OidcParts {
  readonly config: Config
  readonly database: Database
  readonly clock: Clock
  readonly log: Logger
}

/** Sign-in at the configured provider, which is found when it is first needed. */
export function createOidcSignIn(parts: OidcParts): OidcSignIn {
  const { config } = parts
  const { public: address } = config.file
  const provider = createProvider(parts)
  const transactions = createTransactions({ ...parts, cookieSecret: config.cookieSecret, tls: address.tls })
  const roleOf = createRoleOf({ ...parts, mapping: config.file.roleMapping })
  const context = { ...parts, provider, transactions, roleOf, prefix: address.pathPrefix }
  return {
    offer: { id: provider.id, kind: "redirect", label: provider.label, path: `api/auth/login/${provider.id}` },
    beginsAt: new URL(`../login/${provider.id}`, provider.redirectUri).href,
    clearCookie: () => transactions.clear(),
    begin: (providerId, returnTo, requestId) => telling(context, requestId, () => begin(context, providerId, returnTo)),
    finish: (providerId, search, cookieHeader, requestId) =>
      telling(context, requestId, () => finish(context, providerId, search, cookieHeader)),
    refresh: (tokens) => refresh(context, tokens),
    async signOutUrl(idToken) {
      const client = await provider.client()
      if (!client.serverMetadata().end_session_endpoint) return null
      const home = `${new URL(provider.redirectUri).origin}${address.pathPrefix}`
      return oidc.buildEndSessionUrl(client, { id_token_hint: idToken, post_logout_redirect_uri: home }).href
    },
  }
}

interface Context extends OidcParts {
  readonly provider: Provider
  readonly transactions: Transactions
  readonly roleOf: ReturnType<typeof createRoleOf>
  readonly prefix: string
}

async function begin({ config, provider, transactions, prefix }: Context, providerId: string, returnTo: unknown) {
  requireProvider(provider, providerId)
  const client = await provider.client()
  const { pkce, scopes } = config.file.oidc
  const verifier = pkce ? oidc.randomPKCECodeVerifier() : null
  const state = oidc.randomState()
  const nonce = oidc.randomNonce()
  const challenge = verifier === null ? null : await oidc.calculatePKCECodeChallenge(verifier)
  const location = oidc.buildAuthorizationUrl(client, {
    redirect_uri: provider.redirectUri,
    scope: scopes.join(" "),
    state,
    nonce,
    ...(challenge === null ? {} : { code_challenge: challenge, code_challenge_method: "S256" }),
  })
  const cookie = transactions.begin({ providerId, state, nonce, verifier, returnTo: safeReturnPath(returnTo, prefix) })
  return { location: location.href, cookie }
}

async function finish(
  context: Context,
  providerId: string,
  search: string,
  cookieHeader: string | undefined,
): Promise<Found> {
  const { config, database, provider, transactions, prefix } = context
  requireProvider(provider, providerId)
  const { state, nonce, verifier, returnTo, providerId: begunWith } = await transactions.finish(cookieHeader)
  if (begunWith !== providerId) throw new AppError("unauthenticated", "This sign-in was begun with another provider.")
  const checks = { expectedState: state, expectedNonce: nonce, ...(verifier ? { pkceCodeVerifier: verifier } : {}) }
  const { person, tokens } = await exchange(context, search, checks)
  const user = await accountOf(database, person, config.file)
  const stillHolds = async (transaction: Database) =>
    (await findUser(transaction, { id: user.id }))?.disabledAt === null
  return { user, tokens, returnTo: safeReturnPath(returnTo, prefix), stillHolds }
}

/** Whatever goes wrong is logged with what an operator can do about it, and told the person in other words. */
async function telling<T>({ log, config }: Context, requestId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isAppError(error, "not_found")) throw error
    const { why, hint } = explain(error)
    const { issuer, clientId } = config.file.oidc
    log.warn({ err: error, why, hint, issuer, clientId, requestId }, `a sign-in at the provider failed: ${why}`)
    throw toSignInError(error, why)
  }
}

async function exchange(
  { provider, config, roleOf }: Context,
  search: string,
  checks: oidc.AuthorizationCodeGrantChecks,
) {
  const client = await provider.client()
  const answered = new URL(provider.redirectUri + search)
  const tokens = await oidc.authorizationCodeGrant(client, answered, { ...checks, idTokenExpected: true })
  const claims = tokens.claims()
  if (claims === undefined) throw new Error("the provider gave no ID token")
  const more = client.serverMetadata().userinfo_endpoint
    ? await oidc.fetchUserInfo(client, tokens.access_token, claims.sub)
    : {}
  const known = claimsOf(claims, more)
  return { person: personOf(known, config.file, roleOf(known)), tokens: tokensOf(tokens, claims.sub, null) }
}

async function refresh(
  { provider, log }: Context,
  { subject, refreshToken, idToken }: Omit<ProviderTokens, "valid_ms">,
): Promise<ProviderTokens | null> {
  if (refreshToken === null) return null
  try {
    const tokens = await oidc.refreshTokenGrant(await provider.client(), refreshToken)
    const told = tokens.claims()
    if (told === undefined || told.sub === subject) return tokensOf(tokens, subject, { refreshToken, idToken })
    log.warn({ provider: provider.id, why: "wrong_subject" }, "the provider refreshed a sign-in for another subject")
    return null
  } catch (error) {
    if (!endsSignIn(error)) throw error
    const { why, hint } = explain(error)
    log.info({ err: error, why, hint, provider: provider.id }, `a sign-in was not refreshed: ${why}`)
    return null
  }
}

function requireProvider(provider: Provider, id: string): void {
  if (id !== provider.id) throw new AppError("not_found", "There is no such identity provider here.")
}

function tokensOf(
  tokens: oidc.TokenEndpointResponse,
  subject: string,
  before: { refreshToken: string; idToken: string } | null,
): ProviderTokens {
  const life_ms = (tokens.expires_in ?? 0) * 1_000
  return {
    subject,
    refreshToken: tokens.refresh_token ?? before?.refreshToken ?? null,
    idToken: tokens.id_token ?? before?.idToken ?? "",
    valid_ms: Math.min(CHECK_MS_MAX, Math.max(CHECK_MS_MIN, life_ms)),
  }
}

async function accountOf(
  database: Database,
  person: Person,
  file: Pick<Config["file"], "oidc" | "roleMapping">,
): Promise<UserRecord> {
  const user = await withTransaction(database, async (transaction) => {
    if (file.oidc.linkByEmail && person.emailVerified) {
      const linked = await linkLocalUser(transaction, person)
      // The provider answers for this account from now on: what a password had opened is not asked about there.
      if (linked !== null) await deleteLogins(transaction, { userId: linked })
    }
    return await upsertUser(transaction, person, file.roleMapping.default)
  })
  if (user.disabledAt !== null)
    throw new AppError("unauthenticated", "Your account here is disabled. Ask an administrator.")
  return user
}
