import type { Database } from "../../database/types.ts"

export interface Sentinel {
  readonly keyId: string
  readonly sealed: Buffer
}

/** One row for every key that has ever sealed in this database and was not retired. */
export async function listSentinels(database: Database): Promise<Sentinel[]> {
  const { rows } = await database.raw<{ rows: { key_id: string; sentinel: Buffer }[] }>(
    "SELECT key_id, sentinel FROM vault_keys ORDER BY created_at, key_id",
  )
  return rows.map((row) => ({ keyId: row.key_id, sealed: row.sentinel }))
}

/** Keeps the first one when several replicas start at once. */
export async function addSentinel(database: Database, sentinel: Sentinel): Promise<void> {
  await database.raw("INSERT INTO vault_keys (key_id, sentinel) VALUES (?, ?) ON CONFLICT (key_id) DO NOTHING", [
    sentinel.keyId,
    sentinel.sealed,
  ])
}

/** For a key that nothing is sealed under any more. */
export async function deleteSentinel(database: Database, keyId: string): Promise<void> {
  await database.raw("DELETE FROM vault_keys WHERE key_id = ?", [keyId])
}
