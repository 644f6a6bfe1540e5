import { bytesText } from "../../../pod-protocol/index.ts"
import type { Cluster } from "../cluster/types.ts"
import { AppError, isAppError } from "../errors/index.ts"
import { claimName, WORKLOAD_LABEL } from "./names.ts"
import type { WorkloadRecord } from "./types.ts"

const FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
}

/** Bytes of a quantity as Kubernetes writes it (`2Gi`, `1.5G`); null when it is none. */
export function bytesOfQuantity(quantity: string): number | null {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(|k|[MGTP]|[KMGTP]i)$/.exec(quantity) ?? []
  return number === "" ? null : Math.ceil(Number(number) * (FACTORS[unit] ?? 1))
}

/**
 * Makes a session's volume larger; the file system in it follows, with most classes while the session runs.
 * @throws AppError `invalid_request` when it would not be larger or is over the limit, `conflict` without a volume,
 * `upstream_refused` with Kubernetes' words when the volume's class cannot
 */
export async function enlargeVolume(
  { cluster, storageSize_max }: { cluster: Cluster; storageSize_max: string },
  workload: Pick<WorkloadRecord, "id" | "name">,
  storageSize: string,
): Promise<void> {
  const claim = cluster.claims.get(claimName(workload.name))
  const { uid, labels, deletionTimestamp } = claim?.metadata ?? {}
  if (uid === undefined || labels?.[WORKLOAD_LABEL] !== workload.id || deletionTimestamp !== undefined) {
    throw new AppError("conflict", "This session has no volume yet. Start it first.")
  }
  const wanted = bytesOfQuantity(storageSize) ?? 0
  const current = bytesOfQuantity(claim?.spec?.resources?.requests?.["storage"] ?? "") ?? 0
  const most = bytesOfQuantity(storageSize_max) ?? 0
  if (wanted <= current) {
    throw new AppError("invalid_request", `The volume has ${bytesText(current)}. Give more than that.`)
  }
  if (wanted > most) {
    const words =
      most > current ? `A session's volume can have ${bytesText(most)} at most` : "Volumes cannot be made larger here"
    throw new AppError("invalid_request", `${words} (sessionVolume.maxStorageSize).`)
  }
  try {
    await cluster.enlargeClaim(claimName(workload.name), uid, storageSize)
  } catch (error) {
    if (!isAppError(error, "upstream_refused")) throw error
    const words = `The volume cannot be made larger. Delete what is not needed, or start a new session. ${error.message}`
    throw new AppError("upstream_refused", words, { cause: error })
  }
}
