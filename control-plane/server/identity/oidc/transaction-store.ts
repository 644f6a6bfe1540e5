import type { Database } from "../../database/index.ts"

/**
 * Marks a transaction as used; false when it was used before, on whichever replica. What is too old to come back is
 * forgotten. Times are milliseconds since the epoch.
 */
export async function markUsed(
  database: Database,
  id: string,
  expiresAt: number,
  forgetBefore: number,
): Promise<boolean> {
  await database("used_transactions").where("expires_at", "<", new Date(forgetBefore)).delete()
  const rows = await database("used_transactions")
    .insert({ id, expires_at: new Date(expiresAt) })
    .onConflict("id")
    .ignore()
    .returning("id")
  return rows.length > 0
}
