import type { Secret } from "../../crypto/index.ts"
import type { Notifications } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import { createInstallations, type Obstacle } from "./installations.ts"
import { type AccessParts, createRenewal } from "./renewal.ts"
import { type AccountRecord, breakAccount, findAccount } from "./store.ts"
import { openTokens } from "./tokens.ts"

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

/** A user's token at a host that works now; null when no account is linked there. See `gitAuthorization`. */
export type AccountTokenOf = (userId: string, host: string) => Promise<Secret | null>

/** Reads the account anew for each request: what was unlinked a moment ago is refused. */
export function createAccountAccess(
  parts: AccessParts & { notifications?: Notifications; tokenOf?: AccountTokenOf },
): AccountAccess {
  const { database, providers, vault, log } = parts
  const installations = createInstallations(parts)
  const tokenOf = parts.tokenOf ?? createAccountTokens(parts)
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

/** Tokens of linked accounts, each renewed before its end. One for a process: it keeps what could not be stored yet. */
export function createAccountTokens(parts: AccessParts): AccountTokenOf {
  const { database, vault, providers } = parts
  const renewal = createRenewal(parts)
  return async (userId, host) => {
    const provider = providers.find((one) => one.host === host)
    const account = await findAccount(database, userId, host)
    if (account === null || provider === undefined) return null
    refuseBroken(account)
    const current = await renewal(account, provider)
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
