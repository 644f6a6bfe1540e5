import type { Audit } from "../../audit/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import type { Clock } from "../../time/index.ts"
import { deleteLogins } from "../logins/store.ts"
import { ADMINISTRATOR } from "../types.ts"
import { findUser, insertUser, LOCAL_ISSUER, lockUser, updateUser } from "../users/store.ts"
import { hashPassword } from "./hash.ts"
import { newOneTimePassword, ONE_TIME_LIFE_MS } from "./one-time.ts"
import { savePassword } from "./store.ts"
import { subjectOf } from "./subject.ts"

/**
 * The way back in, for who may run commands in the control plane's pod: makes `email` an enabled administrator with a
 * one-time password, which is returned, and ends the account's sign-ins. Makes the account when there is none.
 * @throws Error when `email` is not an e-mail address
 */
export async function resetAdministrator(parts: {
  database: Database
  audit: Audit
  clock: Clock
  email: string
}): Promise<{ oneTimePassword: string; made: boolean }> {
  const { database, audit, clock } = parts
  const email = parts.email.trim()
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new Error(`"${email}" is not an e-mail address.`)
  const who = { issuer: LOCAL_ISSUER, subject: subjectOf(email) }
  const oneTimePassword = newOneTimePassword()
  const stored = {
    hash: await hashPassword(oneTimePassword),
    mustChange: true,
    expiresAt: clock.now() + ONE_TIME_LIFE_MS,
  }
  return await withTransaction(database, async (transaction) => {
    const made = await insertUser(transaction, {
      ...who,
      email,
      name: email.split("@")[0] ?? email,
      role: ADMINISTRATOR,
    })
    const user = made ?? (await findUser(transaction, who))
    if (user === null) throw new Error("The account was deleted in the meantime. Try again.")
    await lockUser(transaction, user.id)
    await updateUser(transaction, user.id, { role: ADMINISTRATOR, disabled: false })
    await savePassword(transaction, user.id, stored)
    const ended = await deleteLogins(transaction, { userId: user.id })
    const facts = { user: user.id, role: ADMINISTRATOR, made: made !== null, mustChange: true, ended, from: "cluster" }
    await audit.record({ actorId: null, actor: "system", action: "password.reset", outcome: "ok", facts }, transaction)
    return { oneTimePassword, made: made !== null }
  })
}
