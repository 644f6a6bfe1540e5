import type { V1Pod } from "@kubernetes/client-node"
import { plainAddress } from "../../addresses/index.ts"

/** The addresses that the cluster reports for a pod; none while its network is being made. */
export function addressesOf(pod: V1Pod): string[] {
  return (pod.status?.podIPs ?? []).map(({ ip }) => plainAddress(ip ?? ""))
}
