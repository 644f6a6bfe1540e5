import type { IncomingHttpHeaders } from "node:http"
import { AppError } from "../../errors/index.ts"
import { hostNameOf } from "./hosts.ts"

/** Where the browser finds this server. */
export interface OwnOrigin {
  readonly host: string
  readonly tls: boolean
}

/**
 * Refuses what another site made the browser send: unsafe requests, and WebSocket upgrades before they are answered.
 * A browser that says `Sec-Fetch-Site` is believed; from any other, `Origin` must be our own. A request with neither
 * is refused, so a program that signs in with a cookie sends `Origin`.
 * @throws AppError `cross_site`
 */
export function requireSameOrigin(headers: IncomingHttpHeaders, own: OwnOrigin): void {
  const site = headers["sec-fetch-site"]
  if (site !== undefined) {
    if (site === "same-origin" || site === "none") return
    throw new AppError("cross_site", "This request came from another site.", { detail: `Sec-Fetch-Site: ${site}` })
  }
  const { origin } = headers
  if (origin === undefined) {
    throw new AppError("cross_site", "The request does not say where it comes from: send the header Origin.")
  }
  if (!isOwnOrigin(origin, headers.host, own)) {
    throw new AppError("cross_site", whyNotOwn(origin, headers.host, own), {
      detail: `Origin: ${origin.slice(0, 200)}`,
    })
  }
}

/** A page of ours in an address that something between did not pass on is no other site, and is told so. */
function whyNotOwn(origin: string, hostHeader: string | undefined, own: OwnOrigin): string {
  const { protocol, hostname, host } = URL.canParse(origin) ? new URL(origin) : { protocol: "", hostname: "", host: "" }
  const name = hostNameOf(hostHeader)
  const isOurs = hostname !== "" && (hostname === hostNameOf(own.host) || hostname === name)
  if (isOurs && own.tls && protocol === "http:") {
    return "This page was opened over plain HTTP. Open it with https://. For an installation without TLS, an administrator sets controlPlane.insecureHttp."
  }
  if (isOurs && host !== hostHeader) {
    return `This page was opened at ${host}, and the request arrived for ${hostHeader}. An administrator has the proxy pass the header Host on as it is, or sets controlPlane.host to the address with its port.`
  }
  return "This request came from another site."
}

/** Whether `origin` is the public address, or the address that the request itself was sent to. */
export function isOwnOrigin(origin: string, hostHeader: string | undefined, own: OwnOrigin): boolean {
  const expected = own.tls ? "https://" : "http://"
  if (own.host !== "" && origin === `${expected}${own.host}`) return true
  if (hostHeader === undefined) return false
  if (origin === `${expected}${hostHeader}`) return true
  // Behind a port-forward there is no TLS, whatever the public address has.
  const name = hostNameOf(hostHeader)
  const onThisMachine = name === "localhost" || name === "127.0.0.1" || name === "::1"
  return onThisMachine && origin === `http://${hostHeader}`
}
