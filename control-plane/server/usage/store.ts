import type { Database } from "../database/types.ts"
import type { UsageRow } from "./types.ts"

/** What one session did with one provider on one day since the last time it was written. */
export interface UsageCount {
  readonly sessionId: string
  readonly userId: string
  readonly provider: string
  /** In UTC, as `2026-03-01`. */
  readonly day: string
  readonly requests: number
  readonly failedRequests: number
  readonly responseBytes: number
}

const ADD_USAGE = `
  INSERT INTO usage (session_id, user_id, provider, day, requests, failed_requests, response_bytes)
  SELECT c.session_id, c.user_id, c.provider, c.day, c.requests, c.failed_requests, c.response_bytes
  FROM jsonb_to_recordset(?::jsonb) AS c (
    session_id text, user_id text, provider text, day date, requests bigint, failed_requests bigint,
    response_bytes bigint)
  ON CONFLICT (session_id, provider, day) DO UPDATE SET
    requests = usage.requests + excluded.requests,
    failed_requests = usage.failed_requests + excluded.failed_requests,
    response_bytes = usage.response_bytes + excluded.response_bytes,
    updated_at = now()`

/** Adds all counts in one statement. */
export async function addUsage(database: Database, counts: readonly UsageCount[]): Promise<void> {
  const rows = counts.map((count) => ({
    session_id: count.sessionId,
    user_id: count.userId,
    provider: count.provider,
    day: count.day,
    requests: count.requests,
    failed_requests: count.failedRequests,
    response_bytes: count.responseBytes,
  }))
  await database.raw(ADD_USAGE, [JSON.stringify(rows)])
}

/** Takes away the figures of the days before `day`. */
export async function removeUsageBefore(database: Database, day: string): Promise<void> {
  await database.raw("DELETE FROM usage WHERE day < ?::date", [day])
}

const SUM_USAGE = `
  SELECT u.user_id AS "userId", p.email, p.name, u.provider, u.requests, u.failed_requests AS "failedRequests",
    u.response_bytes AS "responseBytes"
  FROM (
    SELECT user_id, provider, sum(requests)::bigint AS requests, sum(failed_requests)::bigint AS failed_requests,
      sum(response_bytes)::bigint AS response_bytes
    FROM usage
    WHERE day BETWEEN CAST(:from AS date) AND CAST(:to AS date) AND (user_id, provider) > (:userId, :provider)
    GROUP BY user_id, provider
    ORDER BY user_id, provider
    LIMIT :limit
  ) u
  LEFT JOIN users p ON p.id = u.user_id
  ORDER BY u.user_id, u.provider`

/** Sums of some days, both included, by user and provider in this order; those behind `after`. */
export async function sumUsage(
  database: Database,
  query: { from: string; to: string; after: Pick<UsageRow, "userId" | "provider">; limit: number },
): Promise<UsageRow[]> {
  const { from, to, after, limit } = query
  const { rows } = await database.raw<{ rows: UsageRow[] }>(SUM_USAGE, { from, to, ...after, limit })
  return rows
}
