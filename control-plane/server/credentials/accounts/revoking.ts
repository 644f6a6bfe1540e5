import type { Database } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Vault } from "../vault/vault.ts"
import type { AccountProvider } from "./provider.ts"
import { type AccountRecord, findAccountsOf } from "./store.ts"
import { openTokens } from "./tokens.ts"

export interface RevokingParts {
  readonly database: Database
  readonly vault: Vault
  readonly log: Logger
  readonly providers: readonly AccountProvider[]
}

/**
 * Ends the grant of an account that is gone here, at its host; a failure is for the operator to know. While the host's
 * account is linked a second time, only the token ends: the grant would take the other link along.
 */
export async function revokeAccount(parts: RevokingParts, account: AccountRecord): Promise<void> {
  const { database, providers, vault, log } = parts
  const provider = providers.find((one) => one.id === account.provider && one.host === account.host)
  try {
    const others = await findAccountsOf(database, account)
    await provider?.revoke(openTokens(vault, account).access, others.length === 0 ? "grant" : "token")
  } catch (error) {
    log.warn(
      { err: error, account: account.id, host: account.host },
      "the host did not end an unlinked account's grant",
    )
  }
}
