import type { WorkloadReport } from "../../../../pod-protocol/index.ts"
import type { SessionRecord } from "../types.ts"

/** A row as `SELECT_SESSION` reads it. */
export interface SessionRow {
  id: string
  owner_id: string
  title: string
  visibility: SessionRecord["visibility"]
  desired: SessionRecord["desired"]
  status: SessionRecord["status"]
  reason: SessionRecord["reason"]
  activity: SessionRecord["activity"]
  steps: SessionRecord["steps"]
  repository_url: string | null
  repository_ref: string | null
  repository_depth: number | null
  repository_submodules: boolean
  profile: string | null
  binding: SessionRecord["binding"]
  environment_files: string[]
  tags: Record<string, string>
  agent_session_id: string | null
  agent_run: string | null
  generation: number
  failed_generation: number | null
  last_message: SessionRecord["lastMessage"]
  pending: boolean
  last_active_at: Date
  created_at: Date
  updated_at: Date
  /** With microseconds, for cursors. */
  created_at_text: string
  owner_name: string
  owner_email: string
  report: WorkloadReport | null
}

/** A session together with what its page shows of the owner and the pod. */
export interface StoredSession extends SessionRecord {
  readonly owner: { readonly id: string; readonly name: string; readonly email: string }
  readonly helpers: { readonly settingsPresent: boolean; readonly names: readonly string[] } | null
  readonly volume: { readonly totalBytes: number; readonly freeBytes: number } | null
  /** The run of the agent that was followed last. */
  readonly agentRun: string | null
  readonly pending: boolean
  readonly lastActiveAt: number
  readonly cursor: string
}

/** Everything but the sealed environment, which only the broker reads. */
export const SELECT_SESSION = `
  SELECT s.id, s.owner_id, s.title, s.visibility, s.desired, s.status, s.reason, s.activity, s.steps, s.repository_url,
    s.repository_ref, s.repository_depth, s.repository_submodules, s.profile, s.binding, s.environment_files, s.tags,
    s.agent_session_id, s.agent_run, s.generation, s.failed_generation, s.last_message,
    s.pending, s.last_active_at, s.created_at, s.updated_at, s.created_at::text AS created_at_text,
    u.name AS owner_name, u.email AS owner_email, w.report
  FROM sessions s
  JOIN users u ON u.id = s.owner_id
  LEFT JOIN workloads w ON w.session_id = s.id`

/** A row in our own terms; times become milliseconds. */
export function toSession(row: SessionRow): StoredSession {
  return {
    id: row.id,
    ownerId: row.owner_id,
    owner: { id: row.owner_id, name: row.owner_name, email: row.owner_email },
    title: row.title,
    visibility: row.visibility,
    desired: row.desired,
    status: row.status,
    reason: row.reason,
    activity: row.activity,
    steps: row.steps,
    repository: repositoryOf(row),
    profile: row.profile,
    binding: row.binding,
    environmentFiles: row.environment_files,
    tags: row.tags,
    agentSessionId: row.agent_session_id,
    generation: row.generation,
    failedGeneration: row.failed_generation,
    lastMessage: row.last_message,
    helpers: row.report?.helpers ?? null,
    volume: volumeOf(row.report),
    agentRun: row.agent_run,
    pending: row.pending,
    lastActiveAt: row.last_active_at.getTime(),
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
    cursor: `${row.created_at_text}|${row.id}`,
  }
}

function repositoryOf(row: SessionRow): SessionRecord["repository"] {
  const { repository_url: url, repository_ref: ref, repository_depth: depth, repository_submodules: submodules } = row
  return url === null ? null : { url, ref, depth, submodules }
}

function volumeOf(report: WorkloadReport | null): StoredSession["volume"] {
  const { totalBytes, freeBytes } = report?.volume ?? {}
  return totalBytes === undefined || freeBytes === undefined ? null : { totalBytes, freeBytes }
}
