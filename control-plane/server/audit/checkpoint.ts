import { createHash, type Hash } from "node:crypto"
import type { StoredAuditEvent } from "./types.ts"

/** A sealed range of events. */
export interface Checkpoint {
  readonly id: number
  readonly firstId: number
  readonly lastId: number
  readonly events: number
  /** Digest of the checkpoint before; 32 zero bytes for the first. */
  readonly previous: Buffer
  readonly digest: Buffer
  readonly keyId: string
  readonly signature: Buffer
  readonly sealedAt: number
  readonly removedAt: number | null
}

export const NO_PREVIOUS = Buffer.alloc(32)

/** The digest of a checkpoint's events, fed one after the other in the order of their ids. */
export function startDigest(header: Pick<Checkpoint, "id" | "firstId" | "lastId" | "previous" | "sealedAt">): Hash {
  const { id, firstId, lastId, previous, sealedAt } = header
  return createHash("sha256").update(`berth-audit-1\n${id}\n${firstId}\n${lastId}\n${sealedAt}\n`).update(previous)
}

/** One event as the digest sees it: a JSON array in a fixed order, with the facts' keys sorted, and a line break. */
export function canonical(event: StoredAuditEvent): string {
  const { id, at, actorId, actor, action, sessionId, requestId, address, outcome, facts } = event
  return `${JSON.stringify([id, at, actorId, actor, action, sessionId, requestId, address, outcome, sorted(facts)])}\n`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, child]) => [name, sorted(child)])
}
