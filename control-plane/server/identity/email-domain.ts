import { asciiLower } from "./ascii.ts"

/**
 * Whether an address belongs to a domain: exactly one "@", something before it, and after it exactly the domain, with
 * ASCII letters of either case. No suffixes, no sub-domains, no Unicode case folding.
 */
export function isInDomain(email: string, domain: string): boolean {
  const [name, host, ...more] = email.split("@")
  if (name === undefined || name === "" || host === undefined || more.length > 0) return false
  return asciiLower(host) === asciiLower(domain)
}
