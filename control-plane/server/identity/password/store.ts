import type { Database } from "../../database/index.ts"

/** A local account as sign-in needs it. */
export interface PasswordAccount {
  readonly userId: string
  readonly email: string
  readonly name: string
  readonly disabled: boolean
  readonly hash: string
  /** Somebody else chose or saw the password: it is good for replacing it and for nothing else. */
  readonly mustChange: boolean
  readonly expiresAt: Date | null
}

/** A password as it is stored. */
export interface StoredPassword {
  readonly hash: string
  readonly mustChange: boolean
  /** Milliseconds since the epoch; null: it does not expire. */
  readonly expiresAt: number | null
}

/** The local account of this subject or user, or null. */
export async function findAccount(
  database: Database,
  who: { subject: string } | { userId: string },
): Promise<PasswordAccount | null> {
  const [column, value] = "subject" in who ? ["subject", who.subject] : ["id", who.userId]
  const { rows } = await database.raw<{ rows: PasswordAccount[] }>(
    `SELECT u.id AS "userId", u.email, u.name, u.disabled_at IS NOT NULL AS disabled, p.hash,
            p.must_change AS "mustChange", p.expires_at AS "expiresAt"
       FROM users u JOIN passwords p ON p.user_id = u.id
      WHERE u.issuer = 'local' AND u.${column} = ?`,
    [value],
  )
  return rows[0] ?? null
}

/** Stores an account's password in place of the one it has, if it has one. */
export async function savePassword(database: Database, userId: string, password: StoredPassword): Promise<void> {
  const { hash, mustChange, expiresAt } = password
  await database.raw(
    `INSERT INTO passwords (user_id, hash, must_change, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET hash = EXCLUDED.hash, must_change = EXCLUDED.must_change,
       expires_at = EXCLUDED.expires_at, changed_at = now()`,
    [userId, hash, mustChange, expiresAt === null ? null : new Date(expiresAt)],
  )
}

/** Replaces a password that is still the one read before; false when it has been changed in between. */
export async function replacePassword(
  database: Database,
  userId: string,
  before: string,
  hash: string,
): Promise<boolean> {
  const count = await database("passwords")
    .where({ user_id: userId, hash: before })
    .update({ hash, must_change: false, expires_at: null, changed_at: database.fn.now() })
  return count === 1
}

/** True when any account with a password exists. */
export async function anyPassword(database: Database): Promise<boolean> {
  return (await database("passwords").first("user_id")) !== undefined
}

/**
 * The first administrator's account while nobody has used it: the only one with a password, never signed in to, its password
 * the one that it was made with. Null otherwise.
 */
export async function findUnusedFirst(
  database: Database,
): Promise<{ userId: string; subject: string; hash: string } | null> {
  const { rows } = await database.raw<{ rows: { userId: string; subject: string; hash: string }[] }>(
    `SELECT u.id AS "userId", u.subject, p.hash FROM users u JOIN passwords p ON p.user_id = u.id
      WHERE u.issuer = 'local' AND u.role = 'admin' AND u.last_sign_in_at IS NULL AND u.disabled_at IS NULL
        AND NOT p.must_change AND p.changed_at = u.created_at
        AND (SELECT count(*) FROM passwords) = 1`,
  )
  return rows[0] ?? null
}

/** Gives the account of `findUnusedFirst` what the Secret says now; it stays unused. False when it was used in between. */
export async function replaceUnusedFirst(
  transaction: Database,
  first: { userId: string; hash: string },
  now: { subject: string; email: string; name: string; hash: string },
): Promise<boolean> {
  const count = await transaction("passwords")
    .where({ user_id: first.userId, hash: first.hash })
    .whereExists(transaction("users").where({ id: first.userId }).whereNull("last_sign_in_at"))
    .update({ hash: now.hash })
  if (count === 0) return false
  const { subject, email, name } = now
  await transaction("users").where({ id: first.userId }).update({ subject, email, name })
  return true
}
