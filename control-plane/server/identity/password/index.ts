import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import type { Database } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Logger } from "../../observability/index.ts"
import type { Clock } from "../../time/index.ts"
import type { Visitor } from "../types.ts"
import { type Accounts, createAccounts } from "./accounts.ts"
import { decoyHash, hashPassword, PASSWORD_CHARACTERS_MAX, verifyPassword } from "./hash.ts"
import { createKnownBrowsers } from "./known-browser.ts"
import { createSignInLimits, FirstOver } from "./limits.ts"
import { createOneAddressWarning } from "./one-address.ts"
import { createSlots } from "./slots.ts"
import { findAccount } from "./store.ts"
import { subjectOf } from "./subject.ts"

export type { Accounts, NewAccount, PasswordGiven } from "./accounts.ts"
export { ensureFirstAdministrator } from "./first-administrator.ts"
export { resetAdministrator } from "./reset-administrator.ts"
export { subjectOf } from "./subject.ts"

/** Hashes at the same time: each takes 32 MiB. */
const HASHES_MAX = 4
const WAITING_MAX = 64

/** A password that was right when it was looked at. */
export interface Verified {
  readonly userId: string
  /** It has to be replaced before anything else. */
  readonly mustChange: boolean
  /** `Set-Cookie` after which others' wrong passwords no longer keep this browser out of the account. */
  readonly remember: string
  /** Whether it is still the account's, and the account in force. */
  stillHolds(transaction: Database): Promise<boolean>
}

/** Sign-in with an e-mail address and a password. */
export interface PasswordSignIn {
  /**
   * Whose password it is. Unknown, disabled and wrong take the same time and say the same.
   * @throws AppError `unauthenticated`, `too_many_requests`, `unavailable` when too many wait
   */
  verify(
    input: { email: string; password: string },
    visitor: Visitor,
    cookieHeader: string | undefined,
  ): Promise<Verified>
  /** Accounts with a password: made, reset, and changed by their owners. */
  readonly accounts: Accounts
}

/** Sign-in for accounts of the table `passwords`. */
export function createPasswordSignIn(parts: {
  database: Database
  audit: Audit
  log: Logger
  clock: Clock
  config: Config
}): PasswordSignIn {
  const { database, audit, log, clock, config } = parts
  const { tls, trustedProxies } = config.file.public
  const known = createKnownBrowsers({ cookieSecret: config.cookieSecret, clock, tls })
  const noteAddress = createOneAddressWarning(trustedProxies, log)
  const limits = createSignInLimits(database)
  const slots = createSlots(HASHES_MAX, WAITING_MAX)
  // What an unknown account's password is compared with, so that it costs as much as a known one's.
  const decoy = decoyHash()
  const compare = (password: string, stored = decoy) => slots(() => verifyPassword(password, stored))

  return {
    accounts: createAccounts({
      ...parts,
      known,
      limits,
      compare,
      hash: (password) => slots(() => hashPassword(password)),
    }),
    async verify({ email, password }, visitor, cookieHeader) {
      const subject = subjectOf(email)
      const attempt = { account: subject, address: visitor.address, knownBrowser: known.idOf(cookieHeader, subject) }
      noteAddress(visitor.address)
      const note = (why: string, actorId: string | null) =>
        noteRefusal({ audit, log }, { why, actorId, actor: actorId === null ? "anonymous" : subject }, visitor)
      const refuse = async (why: string, actorId: string | null): Promise<never> => {
        await note(why, actorId)
        throw new AppError("unauthenticated", "The e-mail address or the password is not right.")
      }
      await limits.attempt(attempt).catch(async (error: unknown) => {
        if (error instanceof FirstOver) await note(error.detail ?? "", null)
        throw error
      })
      if (password.length > PASSWORD_CHARACTERS_MAX) return await refuse("password too long", null)
      const account = await findAccount(database, { subject })
      const right = await compare(password, account?.hash)
      if (account === null) return await refuse("unknown account", null)
      if (!right) return await refuse("wrong password", account.userId)
      if (account.disabled) return await refuse("account disabled", account.userId)
      if (account.expiresAt !== null && account.expiresAt.getTime() <= clock.now()) {
        return await refuse("one-time password expired", account.userId)
      }
      await limits.succeeded(attempt)
      const { userId, mustChange, hash } = account
      return {
        userId,
        mustChange,
        remember: known.remember(cookieHeader, subject),
        async stillHolds(transaction) {
          const current = await findAccount(transaction, { userId })
          // Every hash has a salt of its own: the same password set anew is another one.
          return current !== null && !current.disabled && current.hash === hash
        },
      }
    },
  }
}

async function noteRefusal(
  { audit, log }: { audit: Audit; log: Logger },
  { why, ...who }: { why: string; actorId: string | null; actor: string },
  { address, requestId }: Visitor,
): Promise<void> {
  log.info({ why, address, requestId }, "sign-in refused")
  const facts = { method: "password", why }
  await audit.record({ ...who, action: "login.create", requestId, address, outcome: "refused", facts })
}
