import type { Audit } from "../../audit/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import { AppError } from "../../errors/index.ts"
import type { Clock } from "../../time/index.ts"
import { requireMayGivePassword, requireMayGiveRole } from "../grants.ts"
import { renewLogin } from "../logins/index.ts"
import { deleteLogins } from "../logins/store.ts"
import type { Principal, Visitor } from "../types.ts"
import { type UserView, viewOf } from "../users/index.ts"
import { findUser, insertUser, LOCAL_ISSUER, lockUser } from "../users/store.ts"
import type { KnownBrowsers } from "./known-browser.ts"
import type { Attempt, SignInLimits } from "./limits.ts"
import { newOneTimePassword, ONE_TIME_LIFE_MS } from "./one-time.ts"
import { requireGoodPassword } from "./rules.ts"
import { findAccount, type PasswordAccount, replacePassword, savePassword } from "./store.ts"
import { subjectOf } from "./subject.ts"

/** A password that an administrator sets; without one, it is made here and has to be replaced. */
export interface PasswordGiven {
  readonly password?: string
  /** False: the given password may be kept. */
  readonly mustChange?: boolean
}

export interface NewAccount extends PasswordGiven {
  readonly email: string
  readonly name?: string
  readonly role?: string
}

/** Accounts whose password is kept here. Every change is in the audit log, stored together with it. */
export interface Accounts {
  /**
   * The only time that the one-time password is answered. Made by an API token, the account has no password until an
   * administrator sets one. @throws AppError `conflict`, `invalid_request`, `forbidden` for what a token may not give
   */
  create(by: Principal, account: NewAccount): Promise<UserView & { oneTimePassword: string | null }>
  /** Sets a password and ends all of the user's logins. @throws AppError `not_found`, `conflict`, `invalid_request` */
  reset(by: Principal, userId: string, given: PasswordGiven): Promise<{ oneTimePassword: string | null }>
  /**
   * Replaces one's own password, gives the login in use a new token and ends the others. Answers how many ended.
   * @throws AppError `invalid_request`, `conflict` without a password here, `forbidden` when `current` is wrong,
   * `too_many_requests`
   */
  change(
    principal: Principal,
    input: { current: string; new: string },
    visitor: Visitor,
    cookieHeader: string | undefined,
  ): Promise<{ token: string; expiresAt: number; ended: number }>
}

interface AccountsParts {
  readonly database: Database
  readonly audit: Audit
  readonly clock: Clock
  readonly limits: SignInLimits
  readonly known: KnownBrowsers
  readonly compare: (password: string, stored: string) => Promise<boolean>
  readonly hash: (password: string) => Promise<string>
}

/** Accounts over the tables `users` and `passwords`. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { database, audit, clock } = parts

  async function prepare({ password, mustChange = true }: PasswordGiven, person: { email: string; name: string }) {
    if (password !== undefined) requireGoodPassword(password, person, "body.password")
    const oneTimePassword = password === undefined ? newOneTimePassword() : null
    const hash = await parts.hash(password ?? oneTimePassword ?? "")
    const temporary = oneTimePassword !== null || mustChange
    const expiresAt = temporary ? clock.now() + ONE_TIME_LIFE_MS : null
    return { oneTimePassword, stored: { hash, mustChange: temporary, expiresAt } }
  }

  return {
    async create(by, given) {
      const { role = "member" } = given
      const email = given.email.trim()
      const name = given.name?.trim() || (email.split("@")[0] ?? email)
      requireMayGiveRole(by, role)
      if (given.password !== undefined) requireMayGivePassword(by)
      const password = by.method === "token" ? null : await prepare(given, { email, name })
      const user = await withTransaction(database, async (transaction) => {
        const made = await insertUser(transaction, {
          issuer: LOCAL_ISSUER,
          subject: subjectOf(email),
          email,
          name,
          role,
        })
        if (made === null) throw new AppError("conflict", "There is an account with this address already.")
        if (password !== null) await savePassword(transaction, made.id, password.stored)
        const facts = { user: made.id, role, mustChange: password?.stored.mustChange ?? null }
        await audit.record({ ...byWhom(by), action: "user.create", outcome: "ok", facts }, transaction)
        return made
      })
      return { ...viewOf(user), oneTimePassword: password?.oneTimePassword ?? null }
    },

    async reset(by, userId, given) {
      requireMayGivePassword(by)
      if (userId === by.userId) throw new AppError("conflict", "Change your own password in your settings.")
      const user = await findUser(database, { id: userId })
      if (user === null) throw new AppError("not_found", "There is no such user.")
      if (user.issuer !== LOCAL_ISSUER)
        throw new AppError("conflict", "This user does not sign in with a password here.")
      const { oneTimePassword, stored } = await prepare(given, user)
      await withTransaction(database, async (transaction) => {
        await lockUser(transaction, userId)
        await savePassword(transaction, userId, stored)
        const ended = await deleteLogins(transaction, { userId })
        const facts = { user: userId, mustChange: stored.mustChange, ended }
        await audit.record({ ...byWhom(by), action: "password.reset", outcome: "ok", facts }, transaction)
      })
      return { oneTimePassword }
    },

    change: (principal, input, visitor, cookieHeader) => changeOwn(parts, principal, input, visitor, cookieHeader),
  }
}

async function changeOwn(
  { database, audit, limits, known, compare, hash }: AccountsParts,
  principal: Principal,
  input: { current: string; new: string },
  { address }: Visitor,
  cookieHeader: string | undefined,
) {
  const { userId, loginId } = principal
  const account = await findAccount(database, { userId })
  if (account === null || loginId === null) throw new AppError("conflict", "You do not sign in with a password here.")
  requireGoodPassword(input.new, account, "body.new")
  if (input.new === input.current) throw new AppError("invalid_request", "The new password is the one you have.")
  const subject = subjectOf(account.email)
  const attempt = { account: subject, address, knownBrowser: known.idOf(cookieHeader, subject) }
  await checkCurrent({ audit, limits, compare }, principal, account, input.current, attempt)
  const replacement = await hash(input.new)
  return await withTransaction(database, async (transaction) => {
    await lockUser(transaction, userId)
    // Somebody who knew the old one has been faster: what he set stands, and is to be known to go on.
    if (!(await replacePassword(transaction, userId, account.hash, replacement))) {
      throw new AppError("conflict", "The password has been changed in the meantime. Sign in again.")
    }
    const ended = await deleteLogins(transaction, { userId, except: loginId })
    const renewed = await renewLogin(transaction, loginId)
    if (renewed === null) throw new AppError("unauthenticated", "Your sign-in has ended. Sign in again.")
    await audit.record(
      { ...byWhom(principal), action: "password.change", outcome: "ok", facts: { ended } },
      transaction,
    )
    return { ...renewed, ended }
  })
}

/** A stolen browser must not be a place to guess the password at: attempts count as those at the sign-in page do. */
async function checkCurrent(
  { audit, limits, compare }: Pick<AccountsParts, "audit" | "limits" | "compare">,
  principal: Principal,
  account: PasswordAccount,
  current: string,
  attempt: Attempt,
): Promise<void> {
  await limits.attempt(attempt)
  if (await compare(current, account.hash)) return await limits.succeeded(attempt)
  const facts = { why: "wrong password" }
  await audit.record({ ...byWhom(principal), action: "password.change", outcome: "refused", facts })
  throw new AppError("forbidden", "The current password is not right.", { details: { field: "body.current" } })
}

function byWhom({ userId, email }: Principal) {
  return { actorId: userId, actor: email }
}
