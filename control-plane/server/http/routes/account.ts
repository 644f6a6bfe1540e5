import type { Audit } from "../../audit/types.ts"
import type { Database } from "../../database/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Identity, NewLogin, Visitor } from "../../identity/index.ts"
import { loadSettings, saveSettings, type UserSettings } from "../../settings/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Call } from "./route.ts"

type Caller = Pick<Call, "principal" | "visitor" | "headers" | "search" | "setHeader">

/** Signing in and out, and what a person may see and change of his own account. */
export function accountHandlers(parts: {
  identity: Identity
  database: Database
  audit: Audit
  clock: Clock
  prefix: string
}) {
  const { identity, database, audit, clock, prefix } = parts

  async function note({ principal, visitor }: Caller, action: string, facts: Record<string, unknown>): Promise<void> {
    await audit.record({
      actorId: principal.userId,
      actor: principal.email,
      action,
      requestId: visitor.requestId,
      address: visitor.address,
      outcome: "ok",
      facts,
    })
  }

  const cookieOf = (login: NewLogin) =>
    identity.cookie.set(login.token, Math.floor((login.expiresAt - clock.now()) / 1_000))

  async function noteRefusal({ requestId, address }: Visitor, error: AppError): Promise<void> {
    const facts = { method: "oidc", why: error.detail ?? error.code }
    await audit.record({
      actorId: null,
      actor: "anonymous",
      action: "login.create",
      outcome: "refused",
      requestId,
      address,
      facts,
    })
  }

  return {
    methods: async () => ({ methods: identity.offers }),

    async signIn({ body, visitor, headers, setHeader }: Caller & { body: { email: string; password: string } }) {
      const login = await identity.signInWithPassword(body, visitor, identity.cookie.read(headers.cookie))
      setHeader("set-cookie", cookieOf(login))
    },

    async leaveForProvider({
      params,
      query,
      setHeader,
    }: Caller & { params: { providerId: string }; query: { return?: string } }) {
      const { location, cookie } = await providerOf(identity).begin(params.providerId, query.return)
      setHeader("set-cookie", cookie)
      return { location }
    },

    async comeBack({ params, search, visitor, headers, setHeader }: Caller & { params: { providerId: string } }) {
      const provider = providerOf(identity)
      try {
        const { login, returnTo } = await provider.finish(params.providerId, search, headers.cookie, visitor)
        setHeader("set-cookie", [provider.clearCookie(), cookieOf(login)])
        return { location: returnTo }
      } catch (error) {
        // A person looks at this answer, not a program: the sign-in page says what went wrong.
        if (!isAppError(error) || error.code === "not_found") throw error
        setHeader("set-cookie", provider.clearCookie())
        await noteRefusal(visitor, error)
        return { location: `${prefix}sign-in?error=${encodeURIComponent(`${error.message} (${visitor.requestId})`)}` }
      }
    },

    async signOut(call: Caller) {
      const { principal, setHeader } = call
      setHeader("set-cookie", identity.cookie.clear())
      if (principal.loginId === null) return { redirect: null }
      const redirect = await identity.signOutUrl(principal)
      await identity.logins.revoke(principal, principal.loginId)
      await note(call, "login.delete", { login: principal.loginId, own: true })
      return { redirect }
    },

    me: async ({ principal }: Caller) => ({
      id: principal.userId,
      email: principal.email,
      name: principal.name,
      role: principal.role,
      method: principal.method,
    }),

    logins: async ({ principal }: Caller) => ({ items: await identity.logins.list(principal), nextCursor: null }),

    async revokeLogin(call: Caller & { params: { id: string } }) {
      await identity.logins.revoke(call.principal, call.params.id)
      await note(call, "login.delete", { login: call.params.id })
    },

    async revokeOtherLogins(call: Caller) {
      const count = await identity.logins.revokeOthers(call.principal)
      await note(call, "login.delete", { others: count })
      return { count }
    },

    settings: ({ principal }: Caller) => loadSettings(database, principal.userId),

    async saveSettings({ principal, body }: Caller & { body: UserSettings }) {
      await saveSettings(database, principal.userId, body)
      return await loadSettings(database, principal.userId)
    },
  }
}

function providerOf(identity: Identity): NonNullable<Identity["provider"]> {
  if (identity.provider) return identity.provider
  throw new AppError("not_found", "There is no identity provider here.")
}
