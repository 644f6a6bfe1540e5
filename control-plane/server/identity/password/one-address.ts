import { createNetworks } from "../../addresses/index.ts"
import type { Logger } from "../../observability/index.ts"

/** Attempts of one address, and none of another, before it is taken for a proxy's. */
const ATTEMPTS_BEFORE_WARNING = 5

// Loopback is not among them: behind a port-forward there is one visitor.
const isPrivate = createNetworks([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
])

/**
 * Watches where sign-in attempts come from. Behind a proxy that is not in `controlPlane.trustedProxies` all visitors have
 * its address, and share the limits of one. Logs one warning in the life of the process.
 */
export function createOneAddressWarning(trustedProxies: readonly string[], log: Logger): (address: string) => void {
  let attempts = 0
  let only: string | null = null
  let settled = trustedProxies.length > 0
  return (address) => {
    if (settled) return
    only ??= address
    attempts += 1
    if (address !== only || !isPrivate(address)) settled = true
    else if (attempts >= ATTEMPTS_BEFORE_WARNING) {
      settled = true
      log.warn(
        { address, attempts },
        "all sign-in attempts come from one private address, so all visitors share its limit. " +
          "If it is a proxy or load balancer, name its network in controlPlane.trustedProxies",
      )
    }
  }
}
