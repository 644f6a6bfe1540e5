import type { BindingInput } from "../credentials/index.ts"
import type { Activity } from "../runtime/types.ts"
import type { Visibility } from "../settings/types.ts"
import type { Reason } from "../workloads/types.ts"

export const DESIRED = ["running", "stopped", "deleted"] as const
export type Desired = (typeof DESIRED)[number]

export const STATUSES = ["creating", "starting", "running", "stopping", "stopped", "failed", "deleting"] as const
export type SessionStatus = (typeof STATUSES)[number]

export const ACTIVITIES = ["busy", "idle", "waiting"] as const satisfies readonly Activity[]

export const STEP_NAMES = ["scheduled", "image", "workspace", "agent"] as const
/** One named step of a start-up, as people see it. Times are milliseconds since the epoch. */
export interface StartStep {
  readonly name: (typeof STEP_NAMES)[number]
  readonly state: "pending" | "active" | "done" | "failed"
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** The scheduler's, the kubelet's or git's own words. */
  readonly detail: string | null
}

/** What is cloned into the workspace, and how. */
export interface SessionRepository {
  readonly url: string
  readonly ref: string | null
  /** Commits of history; null: all of it. */
  readonly depth: number | null
  readonly submodules: boolean
}

/** A row of `sessions`, mapped. Times are milliseconds since the epoch. */
export interface SessionRecord {
  readonly id: string
  readonly ownerId: string
  readonly title: string
  readonly visibility: Visibility
  readonly desired: Desired
  readonly status: SessionStatus
  readonly reason: Reason | null
  readonly activity: Activity
  readonly steps: readonly StartStep[]
  readonly repository: SessionRepository | null
  readonly profile: string | null
  /** Instead of the profile's binding; null: the profile's. */
  readonly binding: BindingInput | null
  /** The operator's environment files that it chose. */
  readonly environmentFiles: readonly string[]
  readonly tags: Readonly<Record<string, string>>
  readonly agentSessionId: string | null
  readonly generation: number
  readonly failedGeneration: number | null
  readonly lastMessage: { readonly role: "user" | "assistant"; readonly text: string; readonly at: number } | null
  readonly createdAt: number
  readonly updatedAt: number
}
