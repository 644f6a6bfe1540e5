import { asciiLower } from "./ascii.ts"

/** Whether an address belongs to one of the domains. */
export function isInOneDomain(email: string, domains: readonly string[]): boolean {
  return domains.some((domain) => isInDomain(email, domain))
}

/** The domains of `oidc.domain`: a list, or one text with commas. */
export function domainsOf(setting: string | readonly string[]): string[] {
  const parts = typeof setting === "string" ? setting.split(/[,\s]+/) : setting
  return parts.map((domain) => domain.trim()).filter((domain) => domain !== "")
}

/**
 * Whether an address belongs to a domain: exactly one "@", something before it, and after it exactly the domain, with
 * ASCII letters of either case. No suffixes, no sub-domains, no Unicode case folding.
 */
export function isInDomain(email: string, domain: string): boolean {
  const [name, host, ...more] = email.split("@")
  if (name === undefined || name === "" || host === undefined || more.length > 0) return false
  return asciiLower(host) === asciiLower(domain)
}
