import type { Secret } from "../../crypto/index.ts"
import { type Database, type Notifications, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Vault } from "../vault/vault.ts"
import { createInstallations, type Obstacle } from "./installations.ts"
import { type AccountProvider, HostRefused } from "./provider.ts"
import { type AccountRecord, breakAccount, findAccount, lockAccount, saveTokens } from "./store.ts"
import { openTokens, sealTokens } from "./tokens.ts"

// GitHub's user tokens live for eight hours; a long push must not outlive its token.
const REFRESH_BEFORE_MS = 300_000
// RFC 6749's code and GitHub's. All else (a wrong client secret, a proxy in between) is not the account's fault.
const REFRESH_TOKEN_IS_OVER = ["invalid_grant", "bad_refresh_token"]

/** What the gateway uses an account for. */
export interface AccountAccess {
  /**
   * The `Authorization` header for a user's git requests to a host; null when no account is linked there. A token near
   * its end is replaced first.
   * @throws AppError `forbidden` when the account has to be linked again, `upstream_refused` when the host cannot be
   * asked and the token is over.
   */
  gitAuthorization(userId: string, host: string): Promise<Secret | null>
  /** Whose commits these are at a host; null when no account is linked there. */
  identity(userId: string, host: string): Promise<{ name: string; email: string } | null>
  /** True when an account could be linked for this host. */
  canLink(host: string): boolean
  /**
   * The host did not take an account's token in a git request. When it says the same to us, the account has to be linked
   * again, and its owner sees why.
   */
  refused(userId: string, host: string): Promise<void>
  /** Why a host that refused a linked account may have done so; null when it cannot be found out. */
  explain(host: string, repository: string, doing: "read" | "write"): Promise<Obstacle | null>
}

interface Parts {
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Logger
  readonly providers: readonly AccountProvider[]
}

/** A user's token at a host that works now; null when no account is linked there. See `gitAuthorization`. */
export type AccountTokenOf = (userId: string, host: string) => Promise<Secret | null>

/** Reads the account anew for each request: what was unlinked a moment ago is refused. */
export function createAccountAccess(parts: Parts & { notifications?: Notifications }): AccountAccess {
  const { database, providers, vault, log } = parts
  const installations = createInstallations(parts)
  const tokenOf = createAccountTokens(parts)
  return {
    async gitAuthorization(userId, host) {
      const token = await tokenOf(userId, host)
      return token === null ? null : (providers.find((one) => one.host === host)?.gitAuthorization(token) ?? null)
    },
    async identity(userId, host) {
      const account = await findAccount(database, userId, host)
      return account === null ? null : { name: account.name, email: account.email }
    },
    canLink: (host) => providers.some((one) => one.host === host),
    async refused(userId, host) {
      const provider = providers.find((one) => one.host === host)
      const account = await findAccount(database, userId, host)
      if (account === null || provider === undefined || account.brokenReason !== null) return
      try {
        if (await provider.accepts(openTokens(vault, account).access)) return
        await breakAccount(database, account, `${host} no longer accepts its token`)
      } catch (error) {
        log.warn({ err: error, account: account.id, host }, "could not ask whether an account's token still counts")
      }
    },
    explain: (host, repository, doing) => installations.obstacle(host, repository, doing),
  }
}

/** Tokens of linked accounts, each replaced before its end. */
export function createAccountTokens(parts: Parts): AccountTokenOf {
  const { database, vault, clock, providers } = parts
  const refreshing = new Map<string, Promise<AccountRecord>>()
  const fresh = (account: AccountRecord, margin_ms: number) =>
    account.accessExpiresAt === null || account.accessExpiresAt - clock.now() > margin_ms

  /** One at a time in this process, keyed by the account: never by a token, which two accounts might share. */
  function refreshOnce(account: AccountRecord, provider: AccountProvider): Promise<AccountRecord> {
    const running = refreshing.get(account.id)
    if (running !== undefined) return running
    const run = refreshUnderLock(parts, account, provider, fresh).finally(() => refreshing.delete(account.id))
    refreshing.set(account.id, run)
    return run
  }

  return async (userId, host) => {
    const provider = providers.find((one) => one.host === host)
    const account = await findAccount(database, userId, host)
    if (account === null || provider === undefined) return null
    refuseBroken(account)
    const current = fresh(account, REFRESH_BEFORE_MS) ? account : await refreshOnce(account, provider)
    refuseBroken(current)
    return openTokens(vault, current).access
  }
}

function refuseBroken(account: AccountRecord): void {
  if (account.brokenReason === null) return
  throw new AppError(
    "forbidden",
    `The account ${account.login} at ${account.host} no longer works (${account.brokenReason}). Link it again.`,
  )
}

/**
 * One at a time across all replicas: the row is locked for the host's answer (10 s at most), and whoever waited finds
 * the new token and asks nobody. A refresh token works once, so a second use would end the account.
 */
async function refreshUnderLock(
  { database, vault, log }: Parts,
  { id, login, host }: AccountRecord,
  provider: AccountProvider,
  fresh: (account: AccountRecord, margin_ms: number) => boolean,
): Promise<AccountRecord> {
  return await withTransaction(database, async (transaction) => {
    const account = await lockAccount(transaction, id)
    if (account === null) throw new AppError("forbidden", `The account ${login} at ${host} was unlinked.`)
    if (account.brokenReason !== null || fresh(account, REFRESH_BEFORE_MS)) return account
    const { refresh } = openTokens(vault, account)
    if (refresh === null) {
      if (fresh(account, 0)) return account
      return await broken(transaction, account, "its token has run out")
    }
    try {
      const sealed = sealTokens(vault, account, await provider.refresh(refresh))
      await saveTokens(transaction, id, sealed)
      return { ...account, ...sealed }
    } catch (error) {
      if (error instanceof HostRefused && REFRESH_TOKEN_IS_OVER.includes(error.code)) {
        return await broken(transaction, account, `${host} does not renew its token: ${error.code}`)
      }
      log.warn({ err: error, account: id, host }, "an account's token could not be renewed")
      // The old token does until its end.
      if (fresh(account, 0)) return account
      if (error instanceof HostRefused) throw cannotRenew(host, error)
      throw error
    }
  })
}

function cannotRenew(host: string, cause: HostRefused): AppError {
  const message = `${host} does not renew the linked account's token (${cause.code}). Tell the operator.`
  return new AppError("upstream_refused", message, { cause })
}

async function broken(transaction: Database, account: AccountRecord, brokenReason: string): Promise<AccountRecord> {
  await breakAccount(transaction, account, brokenReason)
  return { ...account, brokenReason }
}
