import type { WorkloadReport } from "../../../pod-protocol/index.ts"
import { sealedColumns, type Vault } from "../credentials/index.ts"
import { randomName, randomToken, type Secret } from "../crypto/index.ts"
import type { Database } from "../database/types.ts"
import { WORKLOAD_ID_LENGTH, workloadName } from "./names.ts"
import type { WorkloadRecord } from "./types.ts"

interface WorkloadRow {
  id: string
  session_id: string | null
  name: string
  password_sealed: Buffer
  report: WorkloadReport | null
  report_pod_uid: string | null
  created_at: Date
}

const COLUMNS = ["id", "session_id", "name", "password_sealed", "report", "report_pod_uid", "created_at"] as const

/** Rows of `workloads`. The agent's password is opened on reading. */
export interface WorkloadStore {
  /** A new workload for a session, in its transaction. */
  insert(transaction: Database, sessionId: string): Promise<void>
  ofSession(sessionId: string): Promise<WorkloadRecord | null>
  /** Which of these ids have a row. */
  known(ids: readonly string[]): Promise<Set<string>>
  remember(id: string, statefulSetUid: string): Promise<void>
  remove(transaction: Database, sessionId: string): Promise<void>
}

/** Passwords are made here, sealed under the vault, and leave as `Secret`. */
export function createWorkloadStore(parts: { database: Database; vault: Vault; release: string }): WorkloadStore {
  const { database, vault, release } = parts
  const openPassword = (row: Pick<WorkloadRow, "id" | "password_sealed">): Secret =>
    vault.open(row.password_sealed, sealedColumns.workloadPassword(row.id))
  return {
    async insert(transaction, sessionId) {
      const id = randomName(WORKLOAD_ID_LENGTH)
      await transaction("workloads").insert({
        id,
        session_id: sessionId,
        name: workloadName(release, id),
        password_sealed: vault.seal(randomToken(), sealedColumns.workloadPassword(id)),
      })
    },
    async ofSession(sessionId) {
      const row = await database<WorkloadRow>("workloads")
        .where({ session_id: sessionId })
        .first(...COLUMNS)
      return row === undefined ? null : toRecord(row, openPassword(row))
    },
    async known(ids) {
      const rows = await database<WorkloadRow>("workloads")
        .whereIn("id", [...ids])
        .select("id")
      return new Set(rows.map((row) => row.id))
    },
    async remember(id, statefulSetUid) {
      await database("workloads").where({ id }).update({ statefulset_uid: statefulSetUid })
    },
    async remove(transaction, sessionId) {
      await transaction("workloads").where({ session_id: sessionId }).delete()
    },
  }
}

function toRecord(row: Pick<WorkloadRow, (typeof COLUMNS)[number]>, password: Secret): WorkloadRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    name: row.name,
    password,
    createdAt: row.created_at.getTime(),
    report:
      row.report === null || row.report_pod_uid === null ? null : { podUid: row.report_pod_uid, body: row.report },
  }
}

/**
 * Adds what a container of the pod observed to what the others of the same pod said; a new pod starts from nothing. A
 * report with a phase replaces the earlier phase's code and message.
 */
const SAVE_REPORT = `
  UPDATE workloads SET
    report = CASE
      WHEN report_pod_uid IS DISTINCT FROM :uid THEN CAST(:report AS jsonb)
      WHEN CAST(:report AS jsonb) -> 'phase' IS NULL THEN coalesce(report, '{}') || CAST(:report AS jsonb)
      ELSE (coalesce(report, '{}') - 'code' - 'message') || CAST(:report AS jsonb)
    END,
    report_pod_uid = :uid
  WHERE id = :workload
  RETURNING pg_notify('berth_sessions', session_id)`

/** Stores a report and notifies `berth_sessions`, so that the engine looks at it. */
export async function saveReport(
  database: Database,
  workloadId: string,
  podUid: string,
  report: WorkloadReport,
): Promise<void> {
  await database.raw(SAVE_REPORT, { workload: workloadId, uid: podUid, report: JSON.stringify(report) })
}
