import { Secret } from "../../crypto/index.ts"
import { sealedColumns } from "../vault/columns.ts"
import type { Vault } from "../vault/vault.ts"
import type { AccountTokens } from "./provider.ts"
import type { AccountRecord } from "./store.ts"

/** An account's tokens as they are stored. */
export function sealTokens(
  vault: Vault,
  account: Pick<AccountRecord, "id" | "userId">,
  tokens: AccountTokens,
): Pick<AccountRecord, "tokensSealed" | "accessExpiresAt" | "refreshExpiresAt"> {
  const text = JSON.stringify({ access: tokens.access.reveal(), refresh: tokens.refresh?.reveal() ?? null })
  return {
    tokensSealed: vault.seal(text, sealedColumns.accountTokens(account.id, account.userId)),
    accessExpiresAt: tokens.accessExpiresAt,
    refreshExpiresAt: tokens.refreshExpiresAt,
  }
}

/** @throws AppError `internal` when they cannot be opened. */
export function openTokens(vault: Vault, account: AccountRecord): AccountTokens {
  const text = vault.open(account.tokensSealed, sealedColumns.accountTokens(account.id, account.userId)).reveal()
  const { access, refresh } = JSON.parse(text) as { access: string; refresh: string | null }
  const { accessExpiresAt, refreshExpiresAt } = account
  return {
    access: new Secret(access),
    refresh: refresh === null ? null : new Secret(refresh),
    accessExpiresAt,
    refreshExpiresAt,
  }
}
