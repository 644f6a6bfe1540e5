import { newId } from "../../crypto/index.ts"
import type { Database } from "../../database/index.ts"

/** A person, known by who vouches for him and under which name there: never by an e-mail address. */
export interface UserRecord {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly email: string
  readonly name: string
  readonly role: string
  readonly disabledAt: number | null
  readonly createdAt: number
  readonly lastSignInAt: number | null
}

/** Issuer of the accounts that have a password here. */
export const LOCAL_ISSUER = "local"

interface Row {
  id: string
  issuer: string
  subject: string
  email: string
  name: string
  role: string
  disabled_at: Date | null
  created_at: Date
  last_sign_in_at: Date | null
}

export async function findUser(
  database: Database,
  who: { id: string } | { issuer: string; subject: string },
): Promise<UserRecord | null> {
  const row = await database<Row>("users").where(who).first()
  return row ? toRecord(row) : null
}

/** Makes the account unless (issuer, subject) has one; null when it has. */
export async function insertUser(
  database: Database,
  user: Pick<UserRecord, "issuer" | "subject" | "email" | "name" | "role">,
): Promise<UserRecord | null> {
  const rows = await database<Row>("users")
    .insert({ id: newId("usr"), ...user })
    .onConflict(["issuer", "subject"])
    .ignore()
    .returning("*")
  const [row] = rows
  return row ? toRecord(row) : null
}

export async function noteSignIn(database: Database, id: string, at: number): Promise<void> {
  await database("users")
    .where({ id })
    .update({ last_sign_in_at: new Date(at) })
}

function toRecord(row: Row): UserRecord {
  return {
    id: row.id,
    issuer: row.issuer,
    subject: row.subject,
    email: row.email,
    name: row.name,
    role: row.role,
    disabledAt: row.disabled_at?.getTime() ?? null,
    createdAt: row.created_at.getTime(),
    lastSignInAt: row.last_sign_in_at?.getTime() ?? null,
  }
}
