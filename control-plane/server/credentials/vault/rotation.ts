import { type Database, withTransaction } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import { lockValues, replaceValue, SEALED_COLUMNS, type SealedValue, usedKeyIds } from "./sealed-store.ts"
import { deleteSentinel, listSentinels } from "./sentinel-store.ts"
import type { Vault } from "./vault.ts"

const BATCH_ROWS = 100
// A row that somebody holds is passed over; it is looked for again this often.
const PASSES_MAX = 5

export interface Rotation {
  /** Values that are now sealed under the ring's first key. */
  readonly resealed: number
  /** Values that could not be opened; the log names them. */
  readonly failed: number
  /** Keys that nothing is sealed under any more: they may be taken out of the ring. */
  readonly retired: readonly string[]
}

/**
 * Seals everything anew under the ring's first key while the system runs. It may be killed and run again, and run on
 * several replicas at once: each batch is a transaction of its own, and rows that are held are passed over. A key is
 * retired once nothing is sealed under it; before that, all replicas should have the new ring.
 */
export async function rotateVault(options: { database: Database; vault: Vault; log: Logger }): Promise<Rotation> {
  const { database, vault, log } = options
  let resealed = 0
  let failed = 0
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    failed = 0
    for (const column of SEALED_COLUMNS) {
      let after = ""
      for (;;) {
        const batch = await resealBatch(options, column, after)
        resealed += batch.resealed
        failed += batch.failed
        if (batch.last === null) break
        after = batch.last
      }
    }
    const left = await usedKeyIds(database)
    left.delete(vault.activeKeyId)
    if (left.size === 0 || failed > 0) break
  }
  const retired = failed > 0 ? [] : await retireKeys(database, vault)
  log.info({ resealed, failed, retired }, "stored secrets sealed with the newest key")
  return { resealed, failed, retired }
}

async function resealBatch(
  { database, vault, log }: { database: Database; vault: Vault; log: Logger },
  column: (typeof SEALED_COLUMNS)[number],
  after: string,
): Promise<{ resealed: number; failed: number; last: string | null }> {
  return await withTransaction(database, async (transaction) => {
    const values = await lockValues(transaction, column, { exceptKeyId: vault.activeKeyId, after, limit: BATCH_ROWS })
    let failed = 0
    for (const value of values) {
      const next = reseal(vault, value, log)
      if (next === null) failed++
      else await replaceValue(transaction, column, value, next)
    }
    return { resealed: values.length - failed, failed, last: values.at(-1)?.row ?? null }
  })
}

function reseal(vault: Vault, { sealed, context }: SealedValue, log: Logger): Buffer | null {
  try {
    return vault.seal(vault.open(sealed, context).reveal(), context)
  } catch (error) {
    log.error(
      { err: error, table: context.table, column: context.column, row: context.row },
      "a secret stays as it was",
    )
    return null
  }
}

async function retireKeys(database: Database, vault: Vault): Promise<string[]> {
  const used = await usedKeyIds(database)
  const unused = (await listSentinels(database))
    .map(({ keyId }) => keyId)
    .filter((keyId) => keyId !== vault.activeKeyId && !used.has(keyId))
  for (const keyId of unused) await deleteSentinel(database, keyId)
  return unused
}
