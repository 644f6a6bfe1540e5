import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import { ADMINISTRATOR } from "../types.ts"
import { insertUser, LOCAL_ISSUER } from "../users/store.ts"
import { hashPassword, verifyPassword } from "./hash.ts"
import { anyPassword, findUnusedFirst, replaceUnusedFirst, savePassword } from "./store.ts"
import { subjectOf } from "./subject.ts"

interface Parts {
  readonly database: Database
  readonly administrator: Config["firstAdministrator"]
  readonly audit: Audit
  readonly log: Logger
}

const BY = { actorId: null, actor: "system", outcome: "ok" } as const

/**
 * Makes the first administrator from the configuration. A changed Secret is applied until somebody has signed in with the
 * account; then it belongs to its owner, and the Secret changes nothing. Safe to run on several replicas at the same time.
 */
export async function ensureFirstAdministrator(parts: Parts): Promise<void> {
  const { database, administrator } = parts
  if (administrator === undefined) return
  const email = administrator.email.trim()
  const person = { subject: subjectOf(email), email, name: email.split("@")[0] ?? email }
  const password = administrator.password.reveal()
  if (await anyPassword(database)) await correct(parts, person, password)
  else await make(parts, person, password)
}

interface Person {
  readonly subject: string
  readonly email: string
  readonly name: string
}

async function make({ database, audit, log }: Parts, person: Person, password: string): Promise<void> {
  const hash = await hashPassword(password)
  await withTransaction(database, async (transaction) => {
    const user = await insertUser(transaction, { issuer: LOCAL_ISSUER, role: ADMINISTRATOR, ...person })
    if (user === null) return
    await savePassword(transaction, user.id, { hash, mustChange: false, expiresAt: null })
    const facts = { user: user.id, role: user.role, first: true }
    await audit.record({ ...BY, action: "user.create", facts }, transaction)
    log.info({ user: user.id }, "first administrator's account created")
  })
}

async function correct({ database, audit, log }: Parts, person: Person, password: string): Promise<void> {
  const first = await findUnusedFirst(database)
  if (first === null) return
  if (first.subject === person.subject && (await verifyPassword(password, first.hash))) return
  const hash = await hashPassword(password)
  await withTransaction(database, async (transaction) => {
    if (!(await replaceUnusedFirst(transaction, first, { ...person, hash }))) return
    const facts = { user: first.userId, first: true }
    await audit.record({ ...BY, action: "password.reset", facts }, transaction)
    log.info({ user: first.userId }, "first administrator's Secret has changed before its first use, applied")
  })
}
