import { isIPv4 } from "node:net"
import type { V1Pod } from "@kubernetes/client-node"
import type { Cluster } from "../../cluster/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import type { PodClaims } from "./tokens.ts"

// A pod that is refused again and again costs the API server one read in this time.
const LIVE_READ_AGAIN_MS_MIN = 1_000
const LIVE_READS_KEPT_MAX = 1_000

/** A pod that is what its token says, as the cluster has it now. */
export interface LivePod {
  readonly name: string
  readonly uid: string
  readonly workloadId: string
}

export interface PodCheck {
  /**
   * Compares a token's pod with the live one: uid, labels, and where the request came from. The cached view answers;
   * before a refusal the pod is read live once, because the view may be behind.
   * @throws AppError `unauthenticated`; `unavailable` while the pod's own address is not known yet.
   */
  check(claims: PodClaims, peerAddress: string): Promise<LivePod>
}

/** `release` is the value of the label `berth.dev/release`; without `verifyPeerAddress` any address may call. */
export function createPodCheck(options: {
  cluster: Pick<Cluster, "pods" | "getPod">
  clock: Clock
  release: string
  verifyPeerAddress: boolean
}): PodCheck {
  const { cluster, clock } = options
  const liveReads = new Map<string, { at: number; pod: Promise<V1Pod | null> }>()
  function readLive(name: string): Promise<V1Pod | null> {
    const last = liveReads.get(name)
    if (last !== undefined && clock.now() - last.at < LIVE_READ_AGAIN_MS_MIN) return last.pod
    if (liveReads.size >= LIVE_READS_KEPT_MAX) liveReads.clear()
    const pod = cluster.getPod(name)
    liveReads.set(name, { at: clock.now(), pod })
    return pod
  }
  return {
    async check(claims, peerAddress) {
      const cached = judge(cluster.pods.get(claims.podName), claims, peerAddress, options)
      if ("pod" in cached) return cached.pod
      const live = judge((await readLive(claims.podName)) ?? undefined, claims, peerAddress, options)
      if ("pod" in live) return live.pod
      if (live.wait) {
        throw new AppError("unavailable", "The cluster does not tell this pod's address yet.", { retryAfter_s: 1 })
      }
      throw new AppError("unauthenticated", "The pod's token is not valid here.", { detail: live.refuse })
    },
  }
}

type Judgement = { readonly pod: LivePod } | { readonly refuse: string; readonly wait: boolean }

function judge(
  pod: V1Pod | undefined,
  claims: PodClaims,
  peerAddress: string,
  rules: { release: string; verifyPeerAddress: boolean },
): Judgement {
  const no = (refuse: string, wait = false) => ({ refuse, wait })
  if (pod?.metadata?.uid === undefined) return no("there is no such pod")
  if (pod.metadata.uid !== claims.podUid) return no("another pod has this name now")
  const labels = pod.metadata.labels ?? {}
  const workloadId = labels["berth.dev/workload"]
  if (labels["berth.dev/release"] !== rules.release || !workloadId)
    return no("the pod is not a session's of this release")
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return no("the pod has ended")
  if (rules.verifyPeerAddress) {
    const addresses = (pod.status?.podIPs ?? []).map(({ ip }) => normalAddress(ip ?? ""))
    if (addresses.length === 0) return no("the pod has no address yet", true)
    const peer = normalAddress(peerAddress)
    if (!addresses.includes(peer)) return no(`the request came from ${peer}, which is not the pod's address`)
  }
  return { pod: { name: claims.podName, uid: claims.podUid, workloadId } }
}

/** IPv4 in its own form, also where the listener shows it as mapped into IPv6. */
function normalAddress(address: string): string {
  const lower = address.toLowerCase()
  const mapped = lower.startsWith("::ffff:") ? lower.slice("::ffff:".length) : ""
  return isIPv4(mapped) ? mapped : lower
}
