import type { Database } from "../../database/types.ts"
import type { SealContext } from "./vault.ts"

/** A column that the vault seals, and where its context comes from. */
interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The primary key, part of the context. */
  readonly key: string
  /** The column that names the user to whom the value belongs. */
  readonly owner?: string
}

/**
 * Every sealed column, for what goes over all of them. Left out is `link_attempts.verifier_sealed`, whose rows live for
 * ten minutes.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: "workloads", column: "password_sealed", key: "id" },
  { table: "sessions", column: "environment_sealed", key: "id", owner: "owner_id" },
  { table: "logins", column: "provider_sealed", key: "id", owner: "user_id" },
  { table: "providers", column: "secrets_sealed", key: "id" },
  { table: "linked_accounts", column: "tokens_sealed", key: "id", owner: "user_id" },
]

/** A sealed value with what it is bound to. */
export interface SealedValue {
  readonly row: string
  readonly sealed: Buffer
  readonly context: SealContext
}

// The key's id stands in front of the value: its length in the second byte (vault/envelope.ts).
const keyIdOf = (column: string) => `convert_from(substring(${column} FROM 3 FOR get_byte(${column}, 1)), 'UTF8')`

/** Ids of all keys under which something is sealed at this moment. */
export async function usedKeyIds(database: Database): Promise<Set<string>> {
  const parts = SEALED_COLUMNS.map(
    ({ table, column }) => `SELECT DISTINCT ${keyIdOf(column)} AS key_id FROM ${table} WHERE length(${column}) > 2`,
  )
  const { rows } = await database.raw<{ rows: { key_id: string }[] }>(parts.join(" UNION "))
  return new Set(rows.map((row) => row.key_id))
}

/** Values behind `after` that another key sealed, locked until the transaction ends; what others have locked is left out. */
export async function lockValues(
  database: Database,
  of: SealedColumn,
  options: { exceptKeyId: string; after: string; limit: number },
): Promise<SealedValue[]> {
  const { table, column, key, owner } = of
  const { rows } = await database.raw<{ rows: { row: string; sealed: Buffer; owner: string | null }[] }>(
    `SELECT ${key} AS row, ${column} AS sealed, ${owner ?? "NULL"} AS owner FROM ${table}
     WHERE length(${column}) > 2 AND ${keyIdOf(column)} <> ? AND ${key} > ?
     ORDER BY ${key} LIMIT ? FOR UPDATE SKIP LOCKED`,
    [options.exceptKeyId, options.after, options.limit],
  )
  return rows.map(({ row, sealed, owner: ownerId }) => ({
    row,
    sealed,
    context: { table, column, row, ...(ownerId === null ? {} : { owner: ownerId }) },
  }))
}

/** Replaces a value if it is still the one that was read. */
export async function replaceValue(
  database: Database,
  of: SealedColumn,
  value: SealedValue,
  next: Buffer,
): Promise<void> {
  const { table, column, key } = of
  await database.raw(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ? AND ${column} = ?`, [
    next,
    value.row,
    value.sealed,
  ])
}
