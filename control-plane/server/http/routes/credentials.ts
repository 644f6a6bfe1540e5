import type { Audit } from "../../audit/index.ts"
import type { Credentials } from "../../credentials/index.ts"
import { isAppError } from "../../errors/index.ts"
import type { Call } from "./route.ts"

type Caller = Pick<Call, "principal" | "visitor">
type About = Caller & { params: { id: string } }
type AboutKind = Caller & { params: { provider: string } }
type HostCall = Pick<Call, "visitor" | "headers" | "signedBody"> & { params: { provider: string } }

const requestOf = ({ requestId, address }: Call["visitor"]) => ({ requestId, address })

/** Model providers, profiles, linked accounts and the keys that all of it is encrypted with. */
export function credentialHandlers(parts: { credentials: Credentials; audit: Audit; prefix: string }) {
  const { credentials, audit, prefix } = parts

  return {
    providers: async () => ({ items: await credentials.providerAdmin.list(), nextCursor: null }),
    provider: ({ params }: About) => credentials.providerAdmin.get(params.id),
    saveProvider: ({ principal, params, body }: About & { body: Readonly<Record<string, unknown>> }) =>
      credentials.providerAdmin.put(principal, params.id, body),
    deleteProvider: ({ principal, params }: About) => credentials.providerAdmin.remove(principal, params.id),
    testProvider: ({ params }: About) => credentials.providerAdmin.test(params.id),

    profiles: async () => ({
      items: credentials.profiles.list(),
      nextCursor: null,
      environmentFiles: await credentials.environmentFiles.selectable(),
      hasProviders: (await credentials.providerAdmin.list()).length > 0,
    }),

    async accounts({ principal }: Caller) {
      const { linkedAccounts } = credentials
      return {
        items: await linkedAccounts.list(principal.userId),
        nextCursor: null,
        available: linkedAccounts.available(),
      }
    },
    beginLink: ({ principal, params }: AboutKind) => credentials.linkedAccounts.begin(principal, params.provider),
    /** A navigation of the browser: the settings page says what came of it. */
    async completeLink({
      principal,
      params,
      query,
      visitor,
    }: AboutKind & { query: { state?: string; code?: string; error?: string } }) {
      try {
        const { host } = await credentials.linkedAccounts.complete(principal, params.provider, query)
        return { location: `${prefix}settings?linked=${encodeURIComponent(host)}` }
      } catch (error) {
        if (!isAppError(error) || error.code === "not_found") throw error
        const words = `${error.message} (${visitor.requestId})`
        return { location: `${prefix}settings?error=${encodeURIComponent(words)}` }
      }
    },
    /** GitHub calls this one, nobody who is signed in. */
    hostTells: ({ params, headers, signedBody, visitor }: HostCall) =>
      credentials.accountWebhooks.receive(params.provider, { headers, body: signedBody }, requestOf(visitor)),
    unlink: ({ principal, params }: About) => credentials.linkedAccounts.unlink(principal, params.id),

    async rotate({ principal, visitor }: Caller) {
      const rotation = await credentials.rotate()
      const { requestId, address } = visitor
      const event = { actorId: principal.userId, actor: principal.email, action: "encryption.rotate" }
      await audit.record({ ...event, outcome: "ok", requestId, address, facts: { ...rotation } })
      return rotation
    },
  }
}
