import type { Database } from "../../database/types.ts"
import type { Lease } from "../../leases/types.ts"
import type { Change, Transcripts } from "../../transcripts/types.ts"
import { type DriverPatch, loadFenced, patchFenced } from "../store/driver-writes.ts"
import type { StoredSession } from "../store/rows.ts"
import { sharedView } from "../view.ts"

/** What a driver writes about its session. Every call throws `stale_lease` once another replica drives it. */
export class Journal {
  readonly lease: Lease
  readonly #database: Database
  readonly #transcripts: Transcripts

  constructor(parts: { database: Database; transcripts: Transcripts; lease: Lease }) {
    this.lease = parts.lease
    this.#database = parts.database
    this.#transcripts = parts.transcripts
  }

  load(): Promise<StoredSession> {
    return loadFenced(this.#database, this.lease)
  }

  /** Changes the row, then tells the session's watchers. */
  async update(patch: DriverPatch, ...also: Change[]): Promise<StoredSession> {
    await patchFenced(this.#database, this.lease, patch)
    return await this.publish(...also)
  }

  /** Tells the watchers how the session stands. A crash before it is made good by the next driver's first pass. */
  async publish(...also: Change[]): Promise<StoredSession> {
    const session = await this.load()
    await this.#transcripts.append(this.lease, [
      ...also,
      { type: "session.updated", session: { ...sharedView(session) } },
    ])
    return session
  }
}
