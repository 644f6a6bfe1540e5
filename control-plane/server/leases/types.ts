/**
 * The right to drive one session. Every write of its holder carries `epoch`; a write with an older epoch than the
 * row's changes nothing and throws `stale_lease`, so a paused or partitioned holder cannot harm.
 */
export interface Lease {
  readonly sessionId: string
  readonly holder: string
  readonly epoch: bigint
}
