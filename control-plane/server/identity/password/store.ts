import type { Database } from "../../database/index.ts"

/** A local account as sign-in needs it. */
export interface PasswordAccount {
  readonly userId: string
  readonly email: string
  readonly disabled: boolean
  readonly hash: string
}

/** The local account of this subject, or null. */
export async function findAccount(database: Database, subject: string): Promise<PasswordAccount | null> {
  const { rows } = await database.raw<{ rows: PasswordAccount[] }>(
    `SELECT u.id AS "userId", u.email, u.disabled_at IS NOT NULL AS disabled, p.hash
       FROM users u JOIN passwords p ON p.user_id = u.id
      WHERE u.issuer = 'local' AND u.subject = ?`,
    [subject],
  )
  return rows[0] ?? null
}

/** Stores an account's first password hash. */
export async function insertPassword(database: Database, userId: string, hash: string): Promise<void> {
  await database("passwords").insert({ user_id: userId, hash })
}

/** True when any account with a password exists. */
export async function anyPassword(database: Database): Promise<boolean> {
  return (await database("passwords").first("user_id")) !== undefined
}
