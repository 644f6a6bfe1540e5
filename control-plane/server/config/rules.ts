import { createNetworks, parseCidr } from "../addresses/index.ts"
import type { Faults } from "./faults.ts"
import type { ConfigFile } from "./file-schema.ts"

const DOMAIN = /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u

/** Which secrets were given, for rules that need to know it and not their values. */
export interface Given {
  readonly oidcClientSecret: boolean
  readonly headerAuthSharedSecret: boolean
  readonly apiKeys: boolean
  /** Our own address in the pods' network. */
  readonly podAddress: string
}

/** Rules over more than one key. Each message says what to set. */
export function checkRules(file: ConfigFile, given: Given, faults: Faults): void {
  for (const cidr of file.public.trustedProxies) checkCidr("public.trustedProxies", cidr, faults)
  checkOidc(file, given, faults)
  checkHeaderAuth(file, given, faults)
  if (!file.passwordAuth.enabled && !file.oidc.enabled && !file.headerAuth.enabled && !given.apiKeys) {
    faults.add("nobody could sign in: enable passwordAuth, oidc or headerAuth")
  }
}

/** A missing client secret is no fault here: the chart can make its Secret empty, to be filled after the installation. */
function checkOidc(file: ConfigFile, given: Given, faults: Faults): void {
  const { oidc } = file
  if (!oidc.enabled) return
  if (oidc.clientId === "") faults.add("oidc.enabled needs oidc.clientId")
  const issuer = URL.canParse(oidc.issuer) ? new URL(oidc.issuer) : null
  if (issuer === null) faults.add("oidc.enabled needs oidc.issuer, the provider's address")
  else if (issuer.protocol !== "https:" && !(issuer.protocol === "http:" && oidc.allowInsecureIssuer)) {
    faults.add("oidc.issuer must be an https address")
  }
  if (file.public.host === "") faults.add("oidc.enabled needs controlPlane.host, for the redirect address")
  if (oidc.publicClient && !oidc.pkce) faults.add("oidc.publicClient needs oidc.pkce")
  if (oidc.publicClient && given.oidcClientSecret) {
    faults.add("oidc.publicClient is true, so OIDC_CLIENT_SECRET must not be set")
  }
  for (const domain of typeof oidc.domain === "string" ? oidc.domain.split(/[,\s]+/) : oidc.domain)
    checkDomain(domain, faults)
  if (!oidc.scopes.includes("openid")) faults.add('oidc.scopes must contain "openid"')
}

function checkDomain(domain: string, faults: Faults): void {
  if (domain === "" || DOMAIN.test(domain)) return
  const what = domain.includes("@") ? 'give the part after the "@"' : "give each domain in full, without wildcards"
  faults.add(`oidc.domain: "${domain}" is not a domain; ${what}, for example example.com`)
}

function checkHeaderAuth(file: ConfigFile, given: Given, faults: Faults): void {
  const { headerAuth } = file
  if (!headerAuth.enabled) return
  const { trust } = headerAuth
  const jwt = [trust.jwt.issuer, trust.jwt.audience, trust.jwt.jwksUri]
  const jwtAnchor = jwt.every((value) => value !== "")
  if (!jwtAnchor && jwt.some((value) => value !== "")) {
    faults.add("headerAuth.trust.jwt needs all of issuer, audience and jwksUri")
  }
  if (jwtAnchor && headerAuth.jwt.header === "") faults.add("headerAuth.trust.jwt needs headerAuth.jwt.header")
  if (headerAuth.jwt.header !== "" && !jwtAnchor) {
    faults.add("headerAuth.jwt.header needs headerAuth.trust.jwt, so that the token's signature can be checked")
  }
  if (headerAuth.jwt.header === "" && headerAuth.email.header === "") {
    faults.add("headerAuth.enabled needs headerAuth.email.header or headerAuth.jwt.header")
  }
  if (trust.sharedSecret.enabled && (trust.sharedSecret.header === "" || !given.headerAuthSharedSecret)) {
    faults.add("headerAuth.trust.sharedSecret needs a header and a secret (HEADER_AUTH_SHARED_SECRET)")
  }
  if (trust.cidrs.length === 0 && !jwtAnchor && !trust.sharedSecret.enabled) {
    faults.add(
      "headerAuth.enabled needs a trust anchor: headerAuth.trust.cidrs, headerAuth.trust.jwt or headerAuth.trust.sharedSecret",
    )
  }
  for (const cidr of trust.cidrs) {
    checkCidr("headerAuth.trust.cidrs", cidr, faults)
    checkNotOurPods(cidr, given.podAddress, faults)
  }
}

/** Sessions run in the pods' network: whoever trusts it trusts every agent. */
function checkNotOurPods(cidr: string, podAddress: string, faults: Faults): void {
  const parsed = parseCidr(cidr)
  if (parsed === null || parsed.bits === 0 || /^127\.|^::1$/.test(podAddress)) return
  if (!createNetworks([cidr])(podAddress)) return
  faults.add(
    `headerAuth.trust.cidrs: "${cidr}" holds this pod's own address, so it is the pods' network, where sessions run; ` +
      "use headerAuth.trust.sharedSecret or headerAuth.trust.jwt instead",
  )
}

function checkCidr(name: string, cidr: string, faults: Faults): void {
  const parsed = parseCidr(cidr)
  if (parsed === null) return faults.add(`${name}: "${cidr}" is not an address or a CIDR`)
  if (parsed.bits === 0)
    return faults.add(`${name}: "${cidr}" is every address there is; name the proxies' own network`)
}
