import { Counter, Gauge } from "prom-client"
import type { Database } from "../database/types.ts"
import type { Logger, Metrics } from "../observability/index.ts"
import type { Clock } from "../time/index.ts"
import { waitingBytes } from "./store.ts"
import type { ArtifactName } from "./types.ts"

// A quarter of the bundled database's volume, and thousands of usual transcripts.
const WAITING_BYTES_MAX = 256 * 1024 * 1024
/** A database that stands still must not keep all other figures from being read. */
const FIGURE_MS = 1_000

/** How much may wait in the database for a bucket that is away. */
export interface Room {
  /** For files of this session that replace its own of the same names. */
  has(database: Database, sessionId: string, bytes: number): Promise<boolean>
  /** A file was left out: says so in log and metrics, and gives the words for the manifest. */
  leaveOut(sessionId: string, name: ArtifactName): string
}

/** Manifests, which are small, are always taken: they say what was left out. */
export function createRoom(parts: {
  database: Database
  clock: Pick<Clock, "sleep">
  log: Logger
  metrics?: Metrics | undefined
  waiting_bytes_max?: number
}): Room {
  const { log, metrics, waiting_bytes_max = WAITING_BYTES_MAX } = parts
  const leftOut = metrics === undefined ? null : registerFigures(metrics, parts)
  return {
    has: async (transaction, sessionId, bytes) =>
      (await waitingBytes(transaction, sessionId)) + bytes <= waiting_bytes_max,
    leaveOut(session, name) {
      leftOut?.inc({ name })
      log.error({ session, name, waiting_bytes_max }, "an artefact is not kept: too much waits for the object store")
      return `it was not kept: more than ${waiting_bytes_max} bytes waited for the object store`
    },
  }
}

function registerFigures(metrics: Metrics, { database, clock }: { database: Database; clock: Pick<Clock, "sleep"> }) {
  new Gauge({
    name: "berth_artifacts_waiting_bytes",
    help: "Artefacts of all sessions that wait in the database for the object store.",
    registers: [metrics],
    async collect() {
      const late = clock.sleep(FIGURE_MS).then(() => Number.NaN)
      this.set(await Promise.race([waitingBytes(database, "").catch(() => Number.NaN), late]))
    },
  })
  return new Counter({
    name: "berth_artifacts_left_out_total",
    help: "Artefacts that were not kept because too many waited for the object store.",
    labelNames: ["name"],
    registers: [metrics],
  })
}
