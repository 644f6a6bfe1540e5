import type { Database } from "../../database/types.ts"

// GitHub repeats a delivery for three days at most.
const KEPT = "7 days"

/** Notes a delivery; false when it was noted before. It counts only if the transaction does. */
export async function noteDelivery(transaction: Database, provider: string, id: string): Promise<boolean> {
  await transaction.raw(`DELETE FROM webhook_deliveries WHERE received_at < now() - interval '${KEPT}'`)
  const { rows } = await transaction.raw<{ rows: unknown[] }>(
    "INSERT INTO webhook_deliveries (provider, id) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
    [provider, id],
  )
  return rows.length > 0
}

/** Tells all replicas, once the transaction is through, that a host's app was let in somewhere or out. */
export async function notifyAccounts(transaction: Database, host: string): Promise<void> {
  await transaction.raw("SELECT pg_notify('berth_accounts', ?)", [host])
}
