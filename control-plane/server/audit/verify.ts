import { verify } from "node:crypto"
import type { Database } from "../database/index.ts"
import { type Checkpoint, canonical, NO_PREVIOUS, startDigest } from "./checkpoint.ts"
import { readCheckpoints } from "./checkpoint-store.ts"
import type { AuditKeys } from "./keys.ts"
import { readRange } from "./store.ts"

const CHECKPOINTS_AT_ONCE = 100
const EVENTS_MAX = 10_000

/** What a verification found. `faults` is empty when the record is whole. */
export interface Verification {
  readonly checkpoints: number
  readonly events: number
  /** Checkpoints whose events retention took away. */
  readonly removed: number
  readonly faults: readonly string[]
}

/**
 * Proves that the events of every checkpoint are the ones that were sealed: none changed, added or missing, and no
 * checkpoint taken out of the chain. Events after the last checkpoint are not sealed yet and not covered.
 */
export async function verifyAudit(parts: { database: Database; keys: AuditKeys }): Promise<Verification> {
  const { database, keys } = parts
  const faults: string[] = []
  let events = 0
  let removed = 0
  let count = 0
  let before: Checkpoint | null = null
  let unproven: string[] = []
  for (;;) {
    const checkpoints = await readCheckpoints(database, before?.id ?? 0, CHECKPOINTS_AT_ONCE)
    if (checkpoints.length === 0) {
      return { checkpoints: count, events, removed, faults: [...faults, ...unproven] }
    }
    for (const checkpoint of checkpoints) {
      const found = chainFaults(checkpoint, before)
      const unsigned = signatureFaults(checkpoint, keys)
      if (checkpoint.removedAt === null) {
        found.push(...unsigned, ...(await eventFaults(database, checkpoint)))
        events += checkpoint.events
        // It has the digest of the one before in its own, so it proves that one too.
        if (found.length === 0) unproven = []
      } else {
        removed += 1
        // Its key may have left the ring since, and its events are not there to be proven.
        if (keys.publicKey(checkpoint.keyId) === undefined) unproven.push(...unsigned)
        else found.push(...unsigned)
      }
      faults.push(...found)
      before = checkpoint
      count += 1
    }
  }
}

function chainFaults(checkpoint: Checkpoint, before: Checkpoint | null): string[] {
  const faults: string[] = []
  const name = `checkpoint ${checkpoint.id}`
  if (checkpoint.id !== (before?.id ?? 0) + 1) faults.push(`${name}: the one before it is missing`)
  if (!checkpoint.previous.equals(before?.digest ?? NO_PREVIOUS))
    faults.push(`${name}: does not follow the one before it`)
  if (checkpoint.firstId !== (before?.lastId ?? 0) + 1) faults.push(`${name}: leaves a gap after the one before it`)
  if (before !== null && checkpoint.removedAt !== null && before.removedAt === null) {
    faults.push(`${name}: its events were removed while older ones are there`)
  }
  return faults
}

function signatureFaults({ id, keyId, digest, signature }: Checkpoint, keys: AuditKeys): string[] {
  const key = keys.publicKey(keyId)
  if (key === undefined) return [`checkpoint ${id}: signed with key "${keyId}", which is not in the ring`]
  return verify(null, digest, key, signature) ? [] : [`checkpoint ${id}: the signature is not ours`]
}

async function eventFaults(database: Database, checkpoint: Checkpoint): Promise<string[]> {
  const events = await readRange(database, { ...checkpoint, limit: EVENTS_MAX })
  const hash = startDigest(checkpoint)
  for (const event of events) hash.update(canonical(event))
  const range = `events ${checkpoint.firstId} to ${checkpoint.lastId}`
  if (events.length !== checkpoint.events)
    return [`${range}: ${checkpoint.events} were sealed, ${events.length} are there`]
  return hash.digest().equals(checkpoint.digest) ? [] : [`${range}: at least one was changed`]
}
