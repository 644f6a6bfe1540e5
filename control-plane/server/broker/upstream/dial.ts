import dns from "node:dns"
import type { Agent } from "node:http"
import { isIP, type LookupFunction } from "node:net"
import { isPublicAddress } from "../../addresses/index.ts"
import { AppError } from "../../errors/index.ts"
import { createConnections } from "./connections.ts"

export interface Dialer {
  /**
   * How to reach `url`: the address is looked up once for a connection, checked, and that very address is dialled, so
   * that a name cannot answer differently to the check and to the dial.
   * @throws AppError `forbidden` for an address literal that may not be dialled.
   */
  lookup(url: URL): LookupFunction
  /** The same over connections that are used for this session only. @throws like `lookup` */
  target(url: URL, sessionId: string): { agent: Agent; lookup: LookupFunction }
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
  const connections = createConnections()
  function lookup(url: URL): LookupFunction {
    const name = url.hostname.toLowerCase()
    const port = url.port || (url.protocol === "https:" ? "443" : "80")
    const mayBePrivate = allowed.has(name) || allowed.has(`${name}:${port}`)
    const literal = name.replace(/^\[|\]$/g, "")
    if (isIP(literal) !== 0 && !mayBePrivate && !isPublicAddress(literal)) throw refusal(url.host)
    return guard(resolve, url.host, mayBePrivate)
  }
  return {
    lookup,
    target: (url, sessionId) => ({ lookup: lookup(url), agent: connections.of(sessionId, url.protocol) }),
    close: connections.close,
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
