import type { Logger } from "pino"
import type { ArtifactKeeper } from "../../artifacts/index.ts"
import type { Database } from "../../database/types.ts"
import type { Runtime } from "../../runtime/types.ts"
import type { Clock } from "../../time/index.ts"
import type { Transcripts } from "../../transcripts/types.ts"
import type { WorkloadRecord, Workloads } from "../../workloads/index.ts"
import type { StoredSession } from "../store/rows.ts"
import type { AgentLink, Reach } from "./agent-link.ts"
import type { Journal } from "./journal.ts"

export interface DriverParts {
  readonly database: Database
  readonly transcripts: Transcripts
  readonly runtime: Runtime
  readonly workloads: Workloads
  /** Absent where nothing is kept of a session. */
  readonly artifacts?: Pick<ArtifactKeeper, "wasAsked" | "keepPatch" | "keep"> | undefined
  readonly clock: Clock
  readonly log: Logger
  /** 0: never. */
  readonly idleTimeout_ms: number
  readonly wedged_ms: number
  readonly unfollowed_ms: number
  readonly repair_ms: number
  /** How well this replica reaches the agents of its other sessions. */
  readonly neighbours: (sessionId: string) => readonly Reach[]
  /** Told once per start, from the request to the agent being in step. */
  readonly started: (took_ms: number) => void
}

/** What one pass tells the next about repairs. */
export interface RepairMemory {
  /** When the session's objects are looked after again. */
  dueAt: number
  /** Whether the agent was in step when that was planned. */
  inStep: boolean | null
  /** The pod whose successor was provided for. */
  leaving: string | null
}

/** One look at a session: what the steps of a pass share. */
export interface Pass {
  readonly parts: DriverParts
  readonly journal: Journal
  readonly link: AgentLink
  readonly session: StoredSession
  readonly workload: WorkloadRecord
  readonly guard: () => void
  /** What one pass tells the next. */
  readonly memory: {
    liveLookAt: number
    askedAt: number
    words: string | null
    volumeTold: string | null
    readonly repairs: RepairMemory
  }
}

/** Look again after so many milliseconds; or the desired state is reached; or the session is gone. */
export type NextLook = number | "fulfilled" | "gone"
