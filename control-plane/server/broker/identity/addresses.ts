import { isIPv4 } from "node:net"
import type { V1Pod } from "@kubernetes/client-node"

/** The addresses that the cluster tells of a pod; none while its network is being made. */
export function addressesOf(pod: V1Pod): string[] {
  return (pod.status?.podIPs ?? []).map(({ ip }) => normalAddress(ip ?? ""))
}

/** IPv4 in its own form, also where the listener shows it as mapped into IPv6. */
export function normalAddress(address: string): string {
  const lower = address.toLowerCase()
  const mapped = lower.startsWith("::ffff:") ? lower.slice("::ffff:".length) : ""
  return isIPv4(mapped) ? mapped : lower
}
