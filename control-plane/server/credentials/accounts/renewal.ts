import { type Database, writePersistently } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Vault } from "../vault/vault.ts"
import { type AccountProvider, HostRefused } from "./provider.ts"
import { revokeAccount } from "./revoking.ts"
import { type AccountRecord, breakAccount, endRenewal, readAccount, saveTokens, takeRenewal } from "./store.ts"
import { openTokens, sealTokens } from "./tokens.ts"

// GitHub's user tokens live for eight hours; a long push must not outlive its token.
const RENEW_BEFORE_MS = 300_000
// RFC 6749's code and GitHub's. All else (a wrong client secret, a proxy in between) is not the account's fault.
const REFRESH_TOKEN_IS_OVER = ["invalid_grant", "bad_refresh_token"]
/** How long one process has for a renewal: the host's answer (10 s), and what the database needs to take it. */
const TURN_MS = 60_000
/** How another process waits for it: 15 s, longer than a host may take. */
const LOOK_MS = 250
const LOOKS_MAX = 60

export interface AccessParts {
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Logger
  readonly providers: readonly AccountProvider[]
}

interface Unsaved {
  readonly was: AccountRecord
  readonly renewed: AccountRecord
}

/** The account with tokens that work for some minutes, or with the reason why it has to be linked again. */
export type Renewal = (account: AccountRecord, provider: AccountProvider) => Promise<AccountRecord>

/**
 * Renews the tokens of accounts near their end, each one time across all replicas: a refresh token works once, so a
 * second use would end the account. No connection to the database is held while the host answers. What the host gave
 * is kept here until the database has taken it, because the token before it is used up.
 */
export function createRenewal(parts: AccessParts): Renewal {
  const { clock } = parts
  const running = new Map<string, Promise<AccountRecord>>()
  const unsaved = new Map<string, Unsaved>()
  return async (account, provider) => {
    const current = latest(unsaved, account)
    if (current !== account) void save(parts, unsaved, account.id).catch(() => undefined)
    if (isFresh(current, clock.now(), RENEW_BEFORE_MS)) return current
    // Keyed by the account: never by a token, which two accounts might share.
    const under = running.get(account.id)
    if (under !== undefined) return await under
    const run = renewInTurn(parts, unsaved, account, provider).finally(() => running.delete(account.id))
    running.set(account.id, run)
    return await run
  }
}

/** The tokens that the host gave last, where the database does not have them yet. */
function latest(unsaved: ReadonlyMap<string, Unsaved>, account: AccountRecord): AccountRecord {
  const kept = unsaved.get(account.id)
  return kept?.was.tokensSealed.equals(account.tokensSealed) ? kept.renewed : account
}

function isFresh({ accessExpiresAt }: AccountRecord, now: number, margin_ms: number): boolean {
  return accessExpiresAt === null || accessExpiresAt - now > margin_ms
}

async function renewInTurn(
  parts: AccessParts,
  unsaved: Map<string, Unsaved>,
  { id, login, host }: AccountRecord,
  provider: AccountProvider,
): Promise<AccountRecord> {
  const { database, clock, vault } = parts
  let found: AccountRecord | null = null
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    found = await readAccount(database, id)
    if (found === null) throw new AppError("forbidden", `The account ${login} at ${host} was unlinked.`)
    if (found.brokenReason !== null || isFresh(found, clock.now(), RENEW_BEFORE_MS)) return found
    const { refresh } = openTokens(vault, found)
    if (refresh === null) {
      return isFresh(found, clock.now(), 0) ? found : await broken(database, found, "its token has run out")
    }
    if (await takeRenewal(database, found, TURN_MS)) return await renew(parts, unsaved, found, provider)
    await clock.sleep(LOOK_MS)
  }
  if (found !== null && isFresh(found, clock.now(), 0)) return found
  throw new AppError("unavailable", `${host} takes long to renew the linked account's token. Try again shortly.`, {
    retryAfter_s: 10,
  })
}

/** Asks the host; whoever calls has the turn. */
async function renew(
  parts: AccessParts,
  unsaved: Map<string, Unsaved>,
  account: AccountRecord,
  provider: AccountProvider,
): Promise<AccountRecord> {
  const { database, vault, log, clock } = parts
  const { id, host } = account
  const { refresh } = openTokens(vault, latest(unsaved, account))
  try {
    if (refresh === null) throw new Error("no refresh token")
    const renewed = { ...account, ...sealTokens(vault, account, await provider.refresh(refresh)) }
    unsaved.set(id, { was: account, renewed })
    await writePersistently(parts, "tokens of a linked account", () => save(parts, unsaved, id))
    return renewed
  } catch (error) {
    if (error instanceof HostRefused && REFRESH_TOKEN_IS_OVER.includes(error.code)) {
      unsaved.delete(id)
      return await broken(database, account, `${host} does not renew its token: ${error.code}`)
    }
    log.warn({ err: error, account: id, host }, "an account's token could not be renewed")
    await endRenewal(database, account).catch(() => undefined)
    // The old token does until its end.
    if (isFresh(account, clock.now(), 0)) return account
    if (error instanceof HostRefused) throw cannotRenew(host, error)
    throw error
  }
}

/** May run again after it has succeeded without knowing. */
async function save(parts: AccessParts, unsaved: Map<string, Unsaved>, id: string): Promise<void> {
  const given = unsaved.get(id)
  if (given === undefined) return
  const { was, renewed } = given
  const saved = await saveTokens(parts.database, was, renewed)
  // Unlinked while the host answered: what it gave for an account that is gone, it is told to end.
  const gone = !saved && (await readAccount(parts.database, id)) === null
  unsaved.delete(id)
  if (gone) await revokeAccount(parts, renewed)
}

function cannotRenew(host: string, cause: HostRefused): AppError {
  const message = `${host} does not renew the linked account's token (${cause.code}). Tell the operator.`
  return new AppError("upstream_refused", message, { cause })
}

async function broken(database: Database, account: AccountRecord, brokenReason: string): Promise<AccountRecord> {
  await breakAccount(database, account, brokenReason)
  return { ...account, brokenReason }
}
