import type { Audit } from "../../audit/index.ts"
import { AppError, isAppError } from "../../errors/index.ts"
import type { Identity, ProviderSignIn, Visitor } from "../../identity/index.ts"
import type { Clock } from "../../time/index.ts"
import { hostNameOf } from "../guards/hosts.ts"
import { loginCookie } from "./account.ts"
import type { Call } from "./route.ts"

type Caller = Pick<Call, "visitor" | "headers" | "search" | "setHeader"> & { params: { providerId: string } }

/** Leaving for an identity provider and coming back: both are navigations, so both answers are redirections. */
export function providerHandlers(parts: { identity: Identity; audit: Audit; clock: Clock; prefix: string }) {
  const { identity, audit, clock, prefix } = parts

  async function noteRefusal({ requestId, address }: Visitor, error: AppError): Promise<void> {
    const facts = { method: "oidc", why: error.detail ?? error.code }
    const event = { actorId: null, actor: "anonymous", action: "login.create", outcome: "refused" } as const
    await audit.record({ ...event, requestId, address, facts })
  }

  /** A person looks at this answer, not a program: the sign-in page says what went wrong. */
  function toSignInPage(error: unknown, { requestId }: Visitor): { location: string } {
    if (!isAppError(error) || error.code === "not_found") throw error
    return { location: `${prefix}sign-in?error=${encodeURIComponent(`${error.message} (${requestId})`)}` }
  }

  return {
    async leave({ params, query, visitor, headers, setHeader }: Caller & { query: LeaveQuery }) {
      try {
        const elsewhere = publicAddress(providerOf(identity), headers.host, query)
        if (elsewhere !== null) return { location: elsewhere }
        const { location, cookie } = await providerOf(identity).begin(params.providerId, query.return, visitor)
        setHeader("set-cookie", cookie)
        return { location }
      } catch (error) {
        return toSignInPage(error, visitor)
      }
    },

    async comeBack({ params, search, visitor, headers, setHeader }: Caller) {
      const provider = providerOf(identity)
      try {
        const { login, returnTo } = await provider.finish(params.providerId, search, headers.cookie, visitor)
        setHeader("set-cookie", [provider.clearCookie(), loginCookie(identity, login, clock.now())])
        return { location: returnTo }
      } catch (error) {
        const answer = toSignInPage(error, visitor)
        setHeader("set-cookie", provider.clearCookie())
        if (isAppError(error)) await noteRefusal(visitor, error)
        return answer
      }
    },
  }
}

interface LeaveQuery {
  readonly return?: string
  readonly moved?: "1"
}

/**
 * The same address under the public name, when the browser came by another one: the provider sends it back to the public
 * name, where a cookie of this one is not known. Once: a proxy may hide by which name the browser came.
 */
function publicAddress(provider: ProviderSignIn, host: string | undefined, query: LeaveQuery): string | null {
  const address = new URL(provider.beginsAt)
  if (query.moved !== undefined || hostNameOf(host) === hostNameOf(address.host)) return null
  if (query.return !== undefined) address.searchParams.set("return", query.return)
  address.searchParams.set("moved", "1")
  return address.href
}

function providerOf(identity: Identity): ProviderSignIn {
  if (identity.provider) return identity.provider
  throw new AppError("not_found", "There is no identity provider here.")
}
