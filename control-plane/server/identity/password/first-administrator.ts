import type { Audit } from "../../audit/types.ts"
import type { Config } from "../../config/types.ts"
import { type Database, withTransaction } from "../../database/index.ts"
import type { Logger } from "../../observability/index.ts"
import { ADMINISTRATOR } from "../types.ts"
import { insertUser, LOCAL_ISSUER } from "../users/store.ts"
import { hashPassword } from "./hash.ts"
import { anyPassword, savePassword } from "./store.ts"
import { subjectOf } from "./subject.ts"

/**
 * Makes the first administrator from the configuration, once in the life of a database: afterwards the account belongs
 * to its owner, and a changed Secret changes nothing. Safe to run on several replicas at the same time.
 */
export async function ensureFirstAdministrator(parts: {
  database: Database
  administrator: Config["firstAdministrator"]
  audit: Audit
  log: Logger
}): Promise<void> {
  const { database, administrator, audit, log } = parts
  if (administrator === undefined || (await anyPassword(database))) return
  const hash = await hashPassword(administrator.password.reveal())
  const email = administrator.email.trim()
  await withTransaction(database, async (transaction) => {
    const user = await insertUser(transaction, {
      issuer: LOCAL_ISSUER,
      subject: subjectOf(email),
      email,
      name: email.split("@")[0] ?? email,
      role: ADMINISTRATOR,
    })
    if (user === null) return
    await savePassword(transaction, user.id, { hash, mustChange: false, expiresAt: null })
    const event = { actorId: null, actor: "system", action: "user.create", outcome: "ok" } as const
    await audit.record({ ...event, facts: { user: user.id, role: user.role, first: true } }, transaction)
    log.info({ user: user.id }, "the first administrator's account has been made")
  })
}
