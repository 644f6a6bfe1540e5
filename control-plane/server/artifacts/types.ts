import type { Readable } from "node:stream"
import type { Lease } from "../leases/types.ts"
import type { Patch } from "../runtime/types.ts"
import type { Visibility } from "../settings/types.ts"

export const ARTIFACT_NAMES = ["manifest.json", "transcript.ndjson", "workspace.patch"] as const
export type ArtifactName = (typeof ARTIFACT_NAMES)[number]

/** One kept file. Time in milliseconds since the epoch. */
export interface ArtifactFile {
  readonly name: ArtifactName
  readonly bytes: number
  readonly at: number
}

/** What is kept of one session, and who may read it. */
export interface Artifacts {
  readonly ownerId: string
  readonly visibility: Visibility
  readonly files: readonly ArtifactFile[]
  /** `waiting`: readable, but not in the bucket yet. */
  readonly state: "waiting" | "written"
  /** Of the last attempt; null after a successful one. For people who may read them: no address, no key. */
  readonly trouble: string | null
}

/** The session as the manifest describes it. Time in milliseconds since the epoch. */
export interface KeptSession {
  readonly id: string
  readonly ownerId: string
  readonly visibility: Visibility
  readonly title: string
  readonly repository: {
    readonly url: string
    readonly ref: string | null
    readonly depth: number | null
    readonly submodules: boolean
  } | null
  readonly generation: number
  readonly createdAt: number
}

/** What a session leaves behind in an object store. */
export interface ArtifactKeeper {
  /** False when the agent is to be asked for its changes, which is done once for each stop or delete. */
  wasAsked(session: KeptSession): Promise<boolean>
  /** Before the pod goes. @throws AppError `stale_lease` */
  keepPatch(lease: Lease, session: KeptSession, patch: Patch): Promise<void>
  /**
   * After the pod went, and before the rows do: puts transcript and manifest down for writing. The same one again is
   * the same. @throws AppError `stale_lease`
   */
  keep(lease: Lease, session: KeptSession, why: "stopped" | "deleted"): Promise<void>
  /** Null when nothing is kept of it. */
  find(sessionId: string): Promise<Artifacts | null>
  /** One file, from where it is now. Null when there is none. @throws AppError `unavailable` when the bucket is */
  read(sessionId: string, name: ArtifactName): Promise<Readable | null>
  /** Begins to write what waits, also what other replicas have left. */
  start(): void
  /** Ends with the attempt that is under way, or after 10 s. */
  stop(): Promise<void>
}
