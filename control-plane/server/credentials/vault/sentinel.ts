import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import { usedKeyIds } from "./sealed-store.ts"
import { addSentinel, listSentinels } from "./sentinel-store.ts"
import type { SealContext, Vault } from "./vault.ts"

const KNOWN_TEXT = "berth"

/**
 * Proves at start that the ring opens what the database holds, before anything is sealed under a wrong key: every key
 * that has sealed here left a known value behind, and every key that something is sealed under has to be there. The
 * active key leaves its own value on first use.
 * @throws AppError `internal` that names the missing or changed key and says what to do.
 */
export async function checkVault(options: { database: Database; vault: Vault }): Promise<void> {
  const { database, vault } = options
  const sentinels = await listSentinels(database)
  const needed = new Set([...sentinels.map(({ keyId }) => keyId), ...(await usedKeyIds(database))])
  const missing = [...needed].find((keyId) => !vault.keyIds.includes(keyId))
  if (missing !== undefined) {
    throw new AppError(
      "internal",
      `The database holds secrets sealed under encryption key "${missing}", which is not in the ring. ` +
        "Put it back behind the newest key, or rotate before taking it out.",
    )
  }
  const wrong = sentinels.find(({ keyId, sealed }) => !opens(vault, keyId, sealed))
  if (wrong !== undefined) {
    throw new AppError(
      "internal",
      `Encryption key "${wrong.keyId}" is not the one that sealed this database's secrets. ` +
        "Restore the ring that it was started with.",
    )
  }
  if (sentinels.some(({ keyId }) => keyId === vault.activeKeyId)) return
  const sealed = vault.seal(KNOWN_TEXT, contextOf(vault.activeKeyId))
  await addSentinel(database, { keyId: vault.activeKeyId, sealed })
}

function opens(vault: Vault, keyId: string, sealed: Buffer): boolean {
  try {
    return vault.keyIdOf(sealed) === keyId && vault.open(sealed, contextOf(keyId)).reveal() === KNOWN_TEXT
  } catch {
    return false
  }
}

function contextOf(keyId: string): SealContext {
  return { table: "vault_keys", column: "sentinel", row: keyId }
}
