import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { Agent } from "node:https"
import type { SidecarSettings } from "./settings.ts"

// Shorter than the broker keeps idle connections (75 s), so that it is never the broker who closes first.
const IDLE_CONNECTION_MS = 30_000
const IDLE_CONNECTIONS_MAX = 4

/** The way to the broker. */
export interface BrokerLink {
  /**
   * For one request: connections that trust the broker's authority only, and the pod's proof, both as of now.
   * @throws Error when the token file cannot be read.
   */
  connection(): Promise<{ readonly agent: Agent; readonly authorization: string }>
  /** `path` begins with a slash and may carry a query. */
  urlOf(path: string): URL
}

/** @throws Error when the authority's certificate cannot be read. */
export async function createBrokerLink(
  settings: Pick<SidecarSettings, "brokerUrl" | "caFile" | "tokenFile">,
): Promise<BrokerLink> {
  let trusted = await readFile(settings.caFile)
  let agent = agentOf(trusted)
  async function agentAsOfNow(): Promise<Agent> {
    const ca = await readFile(settings.caFile).catch(() => trusted)
    if (ca.equals(trusted) || !isCertificate(ca)) return agent
    trusted = ca
    // What streams over the old one's connections goes on; idle ones end by themselves.
    agent = agentOf(ca)
    return agent
  }
  return {
    urlOf: (path) => new URL(path, settings.brokerUrl),
    // Both are read anew each time: two small files in memory, and a replaced one counts at once.
    async connection() {
      const [now, token] = await Promise.all([agentAsOfNow(), readFile(settings.tokenFile, "utf8")])
      return { agent: now, authorization: `Bearer ${token.trim()}` }
    },
  }
}

function agentOf(ca: Buffer): Agent {
  return new Agent({
    ca,
    // Whatever the environment says.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    keepAlive: true,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    timeout: IDLE_CONNECTION_MS,
  })
}

function isCertificate(ca: Buffer): boolean {
  try {
    new X509Certificate(ca)
    return true
  } catch {
    return false
  }
}
