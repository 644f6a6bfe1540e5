import { AppError } from "../../errors/index.ts"
import type { Health } from "../../observability/index.ts"

/** Health is asked by probes and load balancers: nothing in it is about users or sessions. */
export function systemHandlers(parts: { health: Health; openapi: () => object }) {
  return {
    health: async () => ({ status: "ok" }),
    async ready() {
      const state = await parts.health.ready()
      if (!state.ready) {
        throw new AppError("unavailable", "This replica cannot serve at the moment.", {
          details: { checks: state.checks },
          retryAfter_s: 2,
        })
      }
      return state
    },
    openapi: async () => parts.openapi(),
  }
}
