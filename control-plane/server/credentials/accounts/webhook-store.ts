import { createHash } from "node:crypto"
import type { Database } from "../../database/types.ts"

// GitHub repeats a delivery for three days at most.
const KEPT = "7 days"
// Whoever has got hold of a body may send it again much later.
const BODY_KEPT = "400 days"
const BODY = "sha256:"

/** Notes a delivery; false when it was noted before. It counts only if the transaction does. */
export async function noteDelivery(transaction: Database, provider: string, id: string): Promise<boolean> {
  await transaction.raw(
    `DELETE FROM webhook_deliveries WHERE received_at < now() - interval '${KEPT}'
       AND (NOT starts_with(id, '${BODY}') OR received_at < now() - interval '${BODY_KEPT}')`,
  )
  const { rows } = await transaction.raw<{ rows: unknown[] }>(
    "INSERT INTO webhook_deliveries (provider, id) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
    [provider, id],
  )
  return rows.length > 0
}

/** Notes a signed body, which may come again under any id; false when it was noted before. */
export async function noteBody(transaction: Database, provider: string, body: Buffer): Promise<boolean> {
  const { rows } = await transaction.raw<{ rows: [{ is_new: boolean }] }>(
    `INSERT INTO webhook_deliveries (provider, id) VALUES (?, ?)
     ON CONFLICT (provider, id) DO UPDATE SET received_at = now() RETURNING xmax = 0 AS is_new`,
    [provider, BODY + createHash("sha256").update(body).digest("hex")],
  )
  return rows[0].is_new
}

/** Tells all replicas, once the transaction is through, that a host's app was let in somewhere or out. */
export async function notifyAccounts(transaction: Database, host: string): Promise<void> {
  await transaction.raw("SELECT pg_notify('berth_accounts', ?)", [host])
}
