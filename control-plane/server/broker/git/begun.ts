import { createHash } from "node:crypto"
import type { Clock } from "../../time/index.ts"
import type { GitOperation } from "./operation.ts"

// Longer than anybody takes from the advertisement to the pack.
const BEGUN_MS = 600_000
const KEPT_MAX = 10_000
/** `git push` asks with four bytes whether it may, before it sends a large pack. */
const PROBE_BYTES = "0000".length

/** Which requests begin a fetch or a push: git sends several for each. */
export interface Begun {
  /**
   * True for an advertisement, and for a pack that none has announced: nothing forces a client to ask first. One
   * advertisement announces all that a fetch sends, and one pack of a push.
   */
  isFirst(
    sessionId: string,
    host: string,
    operation: Pick<GitOperation, "service" | "advertisement" | "repository">,
    body_bytes: number | null,
  ): boolean
}

/** In this process's memory only: an advertisement that another replica passed on has announced nothing here. */
export function createBegun(clock: Clock): Begun {
  const announced = new Map<string, { until: number; packs: number }>()
  return {
    isFirst(sessionId, host, { service, advertisement, repository }, body_bytes) {
      // A digest: names of a pod's choice can be long, and one must not be another's by a blank.
      const key = createHash("sha256")
        .update(JSON.stringify([sessionId, service, host, repository]))
        .digest("base64")
      const isPush = service === "git-receive-pack"
      if (!advertisement) {
        if (isPush && body_bytes === PROBE_BYTES) return false
        const open = announced.get(key)
        if (open !== undefined && open.until > clock.now() && open.packs-- > 0) return false
        if (isPush) return true
      }
      if (announced.size >= KEPT_MAX) announced.clear()
      announced.set(key, { until: clock.now() + BEGUN_MS, packs: isPush ? 1 : Number.POSITIVE_INFINITY })
      return true
    },
  }
}
