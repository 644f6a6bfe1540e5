import { readFile } from "node:fs/promises"
import { Agent } from "node:https"
import type { SidecarSettings } from "./settings.ts"

// Shorter than the broker keeps idle connections (75 s), so that it is never the broker who closes first.
const IDLE_CONNECTION_MS = 30_000
const IDLE_CONNECTIONS_MAX = 4

/** The way to the broker: connections that trust its authority only, and the pod's token as of now. */
export interface BrokerLink {
  readonly agent: Agent
  /** `path` begins with a slash and may carry a query. */
  urlOf(path: string): URL
  /** @throws Error when the token file cannot be read. */
  authorization(): Promise<string>
}

/** @throws Error when the authority's certificate cannot be read. */
export async function createBrokerLink(
  settings: Pick<SidecarSettings, "brokerUrl" | "caFile" | "tokenFile">,
): Promise<BrokerLink> {
  const agent = new Agent({
    ca: await readFile(settings.caFile),
    minVersion: "TLSv1.2",
    keepAlive: true,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    timeout: IDLE_CONNECTION_MS,
  })
  return {
    agent,
    urlOf: (path) => new URL(path, settings.brokerUrl),
    // Read anew each time: it is one small file in memory, and a replaced token counts at once.
    authorization: async () => `Bearer ${(await readFile(settings.tokenFile, "utf8")).trim()}`,
  }
}
