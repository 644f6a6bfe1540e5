import type { SessionResolver } from "../../pod-protocol/index.ts"
import type { SessionSource } from "./session.ts"
import type { Tokens } from "./tokens.ts"

/** The session's helpers at work. */
export interface Helpers {
  /** The token for a model provider's request, and what to call when the provider does not take it. Null: no helper is bound to it. */
  forProvider(provider: string): Promise<{ token: string; rejected: () => void } | null>
  /** Tokens that the agent's environment gets at its start, by variable. */
  environment(): Promise<Record<string, string>>
}

/** @throws (from both methods) HelperError in words for the person in front of the session. */
export function createHelpers(options: { session: SessionSource; tokens: Tokens }): Helpers {
  const { session, tokens } = options
  return {
    async forProvider(provider) {
      // Without an answer the request goes on as it is: the broker then says itself why it cannot be served.
      const resolvers = await session.resolvers().catch(() => [])
      const resolver = resolvers.find((one) => one.provider === provider)
      if (resolver === undefined) return null
      const token = await tokens.get(resolver)
      return { token, rejected: () => tokens.reject(resolver, token) }
    },
    async environment() {
      const exposed = (await session.resolvers()).filter(
        (one): one is SessionResolver & { variable: string } => one.variable !== null,
      )
      const pairs = exposed.map(async (one) => [one.variable, await tokens.get(one)] as const)
      return Object.fromEntries(await Promise.all(pairs))
    },
  }
}
