/** What one user's sessions did with one model provider. */
export interface UsageRow {
  readonly userId: string
  /** Null for a user who no longer exists. */
  readonly email: string | null
  readonly name: string | null
  readonly provider: string
  readonly requests: number
  readonly failedRequests: number
  readonly responseBytes: number
}

/** Days in UTC, as `2026-03-01`, both included. Without them: the last 30 days. */
export interface UsageQuery {
  readonly from?: string
  readonly to?: string
  readonly cursor?: string
  readonly limit: number
}

/** A page of the figures, with the days that they are of. */
export interface UsagePage {
  readonly from: string
  readonly to: string
  readonly items: readonly UsageRow[]
  readonly nextCursor: string | null
}
