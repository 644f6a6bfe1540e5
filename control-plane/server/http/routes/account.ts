import type { Audit } from "../../audit/types.ts"
import type { Database } from "../../database/index.ts"
import type { Identity, NewLogin, Scope } from "../../identity/index.ts"
import { loadSettings, saveSettings } from "../../identity/index.ts"
import type { Principal } from "../../identity/types.ts"
import type { UserSettings } from "../../settings/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Call } from "./route.ts"

/** The body of `GET /api/me`. */
export interface Me extends Pick<Principal, "email" | "name" | "role" | "method"> {
  readonly id: string
  /** Signed in with a one-time password, which is good for choosing another one and nothing else. */
  readonly mustChangePassword: boolean
}

type Caller = Pick<Call, "authentication" | "principal" | "visitor" | "headers" | "setHeader">

/** Signing in and out, and what a person may see and change of his own account. */
export function accountHandlers(parts: {
  identity: Identity
  database: Database
  audit: Audit
  clock: Clock
  /** Settings of somebody who has none of his own. */
  defaults: UserSettings
}) {
  const { identity, database, audit, clock, defaults } = parts

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

  return {
    methods: async () => ({ methods: identity.offers }),

    async signIn({ body, visitor, headers, setHeader }: Caller & { body: { email: string; password: string } }) {
      const login = await identity.signInWithPassword(body, visitor, headers.cookie)
      setHeader("set-cookie", [loginCookie(identity, login, clock.now()), login.remember])
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

    me: async (caller: Caller) => meOf(caller, caller.principal.name),

    async rename(call: Caller & { body: { name: string } }) {
      const { name } = await identity.users.rename(call.principal, call.body.name)
      return meOf(call, name)
    },

    async changePassword(call: Caller & { body: { current: string; new: string } }) {
      const { principal, body, visitor, headers, setHeader } = call
      const { ended, ...renewed } = await identity.accounts.change(principal, body, visitor, headers.cookie)
      setHeader("set-cookie", loginCookie(identity, renewed, clock.now()))
      return { count: ended }
    },

    ...loginHandlers(identity, note),
    ...tokenHandlers(identity, note),

    settings: ({ principal }: Caller) => loadSettings(database, principal.userId, defaults),

    async saveSettings({ principal, body }: Caller & { body: UserSettings }) {
      await saveSettings(database, principal.userId, body)
      return await loadSettings(database, principal.userId, defaults)
    },
  }
}

function meOf({ principal, authentication }: Caller, name: string): Me {
  const { userId: id, email, role, method } = principal
  return { id, email, name, role, method, mustChangePassword: authentication?.mustChangePassword ?? false }
}

type Note = (call: Caller, action: string, facts: Record<string, unknown>) => Promise<void>

/** What a person has of tokens for programs. */
function tokenHandlers(identity: Identity, note: Note) {
  return {
    tokens: async ({ principal }: Caller) => ({ items: await identity.tokens.list(principal), nextCursor: null }),

    async createToken(call: Caller & { body: { name: string; scopes: Scope[]; expiresAt: number } }) {
      const token = await identity.tokens.create(call.principal, call.body)
      await note(call, "token.create", { token: token.id, scopes: token.scopes, expiresAt: token.expiresAt })
      return token
    },

    async deleteToken(call: Caller & { params: { id: string } }) {
      await identity.tokens.delete(call.principal, call.params.id)
      await note(call, "token.delete", { token: call.params.id })
    },
  }
}

/** What a person sees and ends of his signed-in browsers. */
function loginHandlers(identity: Identity, note: Note) {
  return {
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
  }
}

/** `Set-Cookie` for a login just made. */
export function loginCookie({ cookie }: Identity, login: Pick<NewLogin, "token" | "expiresAt">, now: number): string {
  return cookie.set(login.token, Math.floor((login.expiresAt - now) / 1_000))
}
