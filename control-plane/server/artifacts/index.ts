import type { Config } from "../config/types.ts"
import { createBucket } from "./bucket.ts"
import { createArtifactKeeper, type KeeperParts } from "./keeper.ts"
import type { ArtifactKeeper } from "./types.ts"

export type { ArtifactKeeper, Artifacts } from "./types.ts"

/** The keeper for `artifacts.s3`; undefined when no bucket is configured: then nothing is kept. */
export function createArtifacts(
  parts: Omit<KeeperParts, "bucket"> & { config: Pick<Config, "artifacts"> },
): ArtifactKeeper | undefined {
  const { config, ...rest } = parts
  if (config.artifacts === undefined) return undefined
  return createArtifactKeeper({ ...rest, bucket: createBucket(config.artifacts) })
}
