import type { Database } from "../database/types.ts"
import type { Desired, SessionRecord, SessionStatus } from "../sessions/types.ts"

/** A workload with the session that it is bound to and that session's owner. */
export interface StoredCaller {
  readonly workloadName: string
  readonly session: {
    readonly id: string
    readonly desired: Desired
    readonly status: SessionStatus
    readonly repository: SessionRecord["repository"]
    readonly profile: string | null
    readonly binding: SessionRecord["binding"]
    readonly environmentFiles: readonly string[]
    readonly environmentSealed: Buffer | null
    readonly owner: {
      readonly id: string
      readonly name: string
      readonly email: string
      readonly role: string
      readonly disabled: boolean
    }
  } | null
}

interface CallerRow {
  workload_name: string
  id: string | null
  desired: Desired
  status: SessionStatus
  repository_url: string | null
  repository_ref: string | null
  repository_depth: number | null
  repository_submodules: boolean
  profile: string | null
  binding: SessionRecord["binding"]
  environment_files: string[]
  environment_sealed: Buffer | null
  owner_id: string
  owner_name: string
  owner_email: string
  owner_role: string
  owner_disabled: boolean
}

const FIND_CALLER = `
  SELECT w.name AS workload_name, s.id, s.desired, s.status, s.repository_url, s.repository_ref, s.repository_depth,
         s.repository_submodules, s.profile, s.binding, s.environment_files, s.environment_sealed,
         u.id AS owner_id, u.name AS owner_name, u.email AS owner_email, u.role AS owner_role,
         u.disabled_at IS NOT NULL AS owner_disabled
  FROM workloads w
  LEFT JOIN sessions s ON s.id = w.session_id
  LEFT JOIN users u ON u.id = s.owner_id
  WHERE w.id = ?`

/** Null when the workload is gone. */
export async function findCaller(database: Database, workloadId: string): Promise<StoredCaller | null> {
  const { rows } = await database.raw<{ rows: CallerRow[] }>(FIND_CALLER, [workloadId])
  const [row] = rows
  if (row === undefined) return null
  if (row.id === null) return { workloadName: row.workload_name, session: null }
  return {
    workloadName: row.workload_name,
    session: {
      id: row.id,
      desired: row.desired,
      status: row.status,
      repository: repositoryOf(row),
      profile: row.profile,
      binding: row.binding,
      environmentFiles: row.environment_files,
      environmentSealed: row.environment_sealed,
      owner: {
        id: row.owner_id,
        name: row.owner_name,
        email: row.owner_email,
        role: row.owner_role,
        disabled: row.owner_disabled,
      },
    },
  }
}

function repositoryOf(row: CallerRow): SessionRecord["repository"] {
  const { repository_url: url, repository_ref: ref, repository_depth: depth, repository_submodules: submodules } = row
  return url === null ? null : { url, ref, depth, submodules }
}
