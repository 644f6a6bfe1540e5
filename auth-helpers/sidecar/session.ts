import { request } from "node:https"
import type { SessionResolver, WorkloadBinding } from "../../pod-protocol/index.ts"
import type { BrokerLink } from "./broker-link.ts"

// A changed profile counts after this time at the latest, without a restart.
const KEPT_MS = 30_000
const ANSWER_MS = 15_000
const ANSWER_BYTES_MAX = 8 * 1024 * 1024

/** What the session's profile wants the sidecar to run. */
export interface SessionSource {
  /** The last known answer stands in while the broker cannot be asked. */
  resolvers(): Promise<readonly SessionResolver[]>
}

/** Asks the broker when it is needed, at most every 30 s. */
export function createSessionSource(options: { broker: BrokerLink; now: () => number }): SessionSource {
  const { broker, now } = options
  let known: { resolvers: readonly SessionResolver[]; at: number } | null = null
  let asking: Promise<readonly SessionResolver[]> | null = null
  async function ask(): Promise<readonly SessionResolver[]> {
    try {
      const binding = await readBinding(broker)
      // Unbound, or a broker of an older version.
      const resolvers = binding?.resolvers ?? []
      if (binding !== null) known = { resolvers, at: now() }
      return resolvers
    } catch (error) {
      if (known !== null) return known.resolvers
      throw error
    } finally {
      asking = null
    }
  }
  return {
    async resolvers() {
      if (known !== null && now() - known.at < KEPT_MS) return known.resolvers
      asking ??= ask()
      return await asking
    },
  }
}

async function readBinding(broker: BrokerLink): Promise<WorkloadBinding | null> {
  const { agent, authorization } = await broker.connection()
  return await new Promise((resolve, reject) => {
    const options = { headers: { authorization }, agent, signal: AbortSignal.timeout(ANSWER_MS) }
    const outgoing = request(broker.urlOf("/v1/workload"), options, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
        if (text.length > ANSWER_BYTES_MAX) outgoing.destroy(new Error("the broker's answer is too large"))
      })
      response.once("error", reject)
      response.once("end", () => {
        if (response.statusCode === 204) resolve(null)
        else if (response.statusCode === 200) {
          try {
            resolve(JSON.parse(text) as WorkloadBinding)
          } catch (error) {
            reject(new Error("the broker's answer cannot be read", { cause: error }))
          }
        } else reject(new Error(`the broker answered with HTTP ${response.statusCode}`))
      })
    })
    outgoing.once("error", reject)
    outgoing.end()
  })
}
