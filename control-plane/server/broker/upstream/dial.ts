import dns from "node:dns"
import http, { type Agent } from "node:http"
import https from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { AppError } from "../../errors/index.ts"
import { isPublicAddress } from "./addresses.ts"

// Shorter than most servers keep idle connections, so that a request rarely meets one that is being closed.
const IDLE_CONNECTION_MS = 10_000
const IDLE_CONNECTIONS_PER_HOST_MAX = 16

export interface Dialer {
  /**
   * How to reach `url`: the address is looked up once for a connection, checked, and that very address is dialled, so
   * that a name cannot answer differently to the check and to the dial.
   * @throws AppError `forbidden` for an address literal that may not be dialled.
   */
  target(url: URL): { agent: Agent; lookup: LookupFunction }
  close(): void
}

type Resolve = (name: string) => Promise<readonly { address: string; family: number }[]>

/**
 * The only way out of the broker. `allowedPrivateHosts` are names, or name:port, that may be on private addresses; all
 * others have to be on the public internet.
 */
export function createDialer(options: { allowedPrivateHosts: readonly string[]; resolve?: Resolve }): Dialer {
  const allowed = new Set(options.allowedPrivateHosts.map((host) => host.toLowerCase()))
  const resolve = options.resolve ?? ((name) => dns.promises.lookup(name, { all: true }))
  const pool = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_PER_HOST_MAX, timeout: IDLE_CONNECTION_MS }
  const agents = { "http:": new http.Agent(pool), "https:": new https.Agent({ ...pool, minVersion: "TLSv1.2" }) }
  return {
    target(url) {
      const name = url.hostname.toLowerCase()
      const port = url.port || (url.protocol === "https:" ? "443" : "80")
      const mayBePrivate = allowed.has(name) || allowed.has(`${name}:${port}`)
      const literal = name.replace(/^\[|\]$/g, "")
      if (isIP(literal) !== 0 && !mayBePrivate && !isPublicAddress(literal)) throw refusal(url.host)
      return {
        agent: agents[url.protocol === "http:" ? "http:" : "https:"],
        lookup: guard(resolve, url.host, mayBePrivate),
      }
    },
    close() {
      for (const agent of Object.values(agents)) agent.destroy()
    },
  }
}

function guard(resolve: Resolve, host: string, mayBePrivate: boolean): LookupFunction {
  return (name, lookupOptions, callback) => {
    resolve(name).then(
      (found) => {
        const usable = found.filter(({ address }) => mayBePrivate || isPublicAddress(address))
        const [first] = usable
        if (first === undefined) return callback(refusal(host), "", 0)
        if (lookupOptions.all === true) callback(null, [...usable])
        else callback(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    )
  }
}

function refusal(host: string): AppError {
  return new AppError(
    "forbidden",
    `${host} is on a private address, which session traffic may not reach. ` +
      "An operator can allow it with broker.allowedPrivateHosts.",
  )
}
