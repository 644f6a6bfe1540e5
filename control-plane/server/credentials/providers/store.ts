import type { Database } from "../../database/types.ts"
import type { ProviderJson } from "./definition.ts"

/** A row of `providers`, mapped. `updatedAt` is milliseconds since the epoch. */
export interface ProviderRecord {
  readonly id: string
  /** With placeholders where secrets are. */
  readonly definition: ProviderJson
  readonly secretsSealed: Buffer | null
  /** What administrators have to know about it, each a sentence. */
  readonly notices: readonly string[]
  readonly updatedAt: number
  readonly updatedBy: string
}

interface Row {
  id: string
  definition: Record<string, unknown>
  secrets_sealed: Buffer | null
  notices: string[]
  updated_at: Date
  updated_by: string
}

const COLUMNS = "id, definition, secrets_sealed, notices, updated_at, updated_by"

function toRecord(row: Row): ProviderRecord {
  return {
    id: row.id,
    definition: row.definition,
    secretsSealed: row.secrets_sealed,
    notices: row.notices,
    updatedAt: row.updated_at.getTime(),
    updatedBy: row.updated_by,
  }
}

/** All of them, in the order in which they were made known: by id. */
export async function listProviders(database: Database): Promise<ProviderRecord[]> {
  const { rows } = await database.raw<{ rows: Row[] }>(`SELECT ${COLUMNS} FROM providers ORDER BY id`)
  return rows.map(toRecord)
}

/** Null when there is none. `lock` keeps others from changing it until the transaction ends. */
export async function findProvider(database: Database, id: string, lock = false): Promise<ProviderRecord | null> {
  const { rows } = await database.raw<{ rows: Row[] }>(
    `SELECT ${COLUMNS} FROM providers WHERE id = ? ${lock ? "FOR UPDATE" : ""}`,
    [id],
  )
  return rows[0] === undefined ? null : toRecord(rows[0])
}

/** Makes it or replaces it as a whole. */
export async function saveProvider(
  database: Database,
  record: Pick<ProviderRecord, "id" | "definition" | "secretsSealed" | "updatedBy">,
): Promise<void> {
  await database.raw(
    `INSERT INTO providers (id, definition, secrets_sealed, updated_by) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET definition = excluded.definition, secrets_sealed = excluded.secrets_sealed,
       notices = '[]', updated_by = excluded.updated_by, updated_at = now()`,
    [record.id, JSON.stringify(record.definition), record.secretsSealed, record.updatedBy],
  )
}

/** Replaces what is stored of a provider without anybody having changed it. */
export async function repairProvider(
  database: Database,
  record: Pick<ProviderRecord, "id" | "definition" | "secretsSealed" | "notices">,
): Promise<void> {
  await database.raw("UPDATE providers SET definition = ?, secrets_sealed = ?, notices = ? WHERE id = ?", [
    JSON.stringify(record.definition),
    record.secretsSealed,
    JSON.stringify(record.notices),
    record.id,
  ])
}

/** False when there was none. */
export async function deleteProvider(database: Database, id: string): Promise<boolean> {
  const { rowCount } = await database.raw<{ rowCount: number }>("DELETE FROM providers WHERE id = ?", [id])
  return rowCount > 0
}
