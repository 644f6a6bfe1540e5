import type { V1Pod } from "@kubernetes/client-node"
import { plainAddress } from "../../addresses/index.ts"
import type { Cluster } from "../../cluster/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import { addressesOf } from "./addresses.ts"
import { createFirstCallers } from "./first-callers.ts"
import type { PodClaims } from "./tokens.ts"
import type { LivePod } from "./types.ts"

// A pod that is refused again and again costs the API server one read in this time.
const LIVE_READ_AGAIN_MS_MIN = 1_000
const LIVE_READS_KEPT_MAX = 1_000

export interface PodCheck {
  /**
   * Compares a token's pod with the live one: uid, labels, and where the request came from. The cached view answers;
   * before a refusal the pod is read live once, because the view may be behind. While the cluster does not tell a
   * starting pod's address yet, the first address that calls with its token is taken for it (first-callers.ts).
   * @throws AppError `unauthenticated`; `unavailable` when the pod's own address is not told in time.
   */
  check(claims: PodClaims, peerAddress: string): Promise<LivePod>
}

/** `release` is the value of the label `berth.dev/release`; without `verifyPeerAddress` any address may call. */
export function createPodCheck(options: {
  cluster: Pick<Cluster, "pods" | "getPod">
  clock: Clock
  log: Logger
  release: string
  verifyPeerAddress: boolean
}): PodCheck {
  const { cluster, clock } = options
  const first = createFirstCallers(options)
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
      const viewed = cluster.pods.get(claims.podName)
      const cached = judge(viewed, claims, peerAddress, options)
      if ("pod" in cached) return first.compare(cached.pod, peerAddress)
      const live = judge((await readLive(claims.podName)) ?? undefined, claims, peerAddress, options)
      if ("pod" in live) return first.compare(live.pod, peerAddress)
      // What was read live a moment ago may be older than the view by now.
      const told = viewed?.metadata?.uid === claims.podUid && addressesOf(viewed).length > 0
      if (live.starting !== null && !told) {
        if (first.admit(live.starting, peerAddress)) return live.starting
        throw new AppError("unavailable", "The cluster does not tell this pod's address yet.", { retryAfter_s: 1 })
      }
      throw new AppError("unauthenticated", "The pod's token is not valid here.", { detail: live.refuse })
    },
  }
}

type Judgement =
  | { readonly pod: LivePod }
  /** `starting`: all is right but the address, which is not known yet. */
  | { readonly refuse: string; readonly starting: LivePod | null }

function judge(
  pod: V1Pod | undefined,
  claims: PodClaims,
  peerAddress: string,
  rules: { release: string; verifyPeerAddress: boolean },
): Judgement {
  const no = (refuse: string, starting: LivePod | null = null) => ({ refuse, starting })
  if (pod?.metadata?.uid === undefined) return no("there is no such pod")
  if (pod.metadata.uid !== claims.podUid) return no("another pod has this name now")
  const labels = pod.metadata.labels ?? {}
  const workloadId = labels["berth.dev/workload"]
  if (labels["berth.dev/release"] !== rules.release || !workloadId)
    return no("the pod is not a session's of this release")
  if (pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return no("the pod has ended")
  const found = { name: claims.podName, uid: claims.podUid, workloadId }
  if (rules.verifyPeerAddress) {
    const addresses = addressesOf(pod)
    if (addresses.length === 0) return no("the pod has no address yet", found)
    const peer = plainAddress(peerAddress)
    if (!addresses.includes(peer)) return no(`the request came from ${peer}, which is not the pod's address`)
  }
  return { pod: found }
}
