import { plainAddress } from "../../addresses/index.ts"
import type { Cluster } from "../../cluster/types.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import { addressesOf } from "./addresses.ts"
import type { LivePod } from "./types.ts"

const UNTOLD_MS_MAX = 30_000
const KEPT_MAX = 1_000

export interface FirstCallers {
  /**
   * Whether a call for a pod without a known address may be taken for the pod's own: it is the first one, or comes from
   * where the first one came from; nobody else is known to have that address; and it has not been untold for long.
   */
  admit(pod: LivePod, peerAddress: string): boolean
  /** Answers the pod; tells the log when another address than the one that proved right now had been taken for its. */
  compare(pod: LivePod, peerAddress: string): LivePod
}

/**
 * The kubelet tells a pod's address up to a second after the pod's programs have begun, and the workspace cannot be
 * prepared before the broker has answered. In that time nobody but the pod's own sidecar can have its token: the agent
 * has not been started yet.
 */
export function createFirstCallers(options: {
  cluster: Pick<Cluster, "pods">
  clock: Clock
  log: Logger
}): FirstCallers {
  const { cluster, clock, log } = options
  const firsts = new Map<string, { address: string; at: number }>()
  return {
    admit(pod, peerAddress) {
      const address = plainAddress(peerAddress)
      const first = firsts.get(pod.uid)
      if (first !== undefined) return first.address === address && clock.now() - first.at < UNTOLD_MS_MAX
      if (cluster.pods.all().some((other) => addressesOf(other).includes(address))) return false
      if (firsts.size >= KEPT_MAX) for (const [oldest] of [...firsts].slice(0, KEPT_MAX / 2)) firsts.delete(oldest)
      firsts.set(pod.uid, { address, at: clock.now() })
      return true
    },
    compare(pod, peerAddress) {
      const first = firsts.get(pod.uid)
      if (first === undefined) return pod
      firsts.delete(pod.uid)
      if (first.address !== plainAddress(peerAddress)) {
        log.warn(
          { pod: pod.name, first: first.address },
          "a pod's token was used from another address before its own was known",
        )
      }
      return pod
    },
  }
}
