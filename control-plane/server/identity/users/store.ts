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

/** The account, or null. */
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

/**
 * The account of (issuer, subject), made when it is not there. E-mail and name follow what is given; so does the role,
 * unless it is null, which leaves a known account's role as it is.
 */
export async function upsertUser(
  database: Database,
  person: { issuer: string; subject: string; email: string; name: string; role: string | null },
  newRole = "member",
): Promise<UserRecord> {
  const { issuer, subject, email, name, role } = person
  const known = await findUser(database, { issuer, subject })
  if (known && known.email === email && known.name === name && (role === null || known.role === role)) return known
  const { rows } = await database.raw<{ rows: Row[] }>(
    `INSERT INTO users (id, issuer, subject, email, name, role) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (issuer, subject) DO UPDATE
       SET email = EXCLUDED.email, name = EXCLUDED.name, role = COALESCE(?::text, users.role)
     RETURNING *`,
    [newId("usr"), issuer, subject, email, name, role ?? newRole, role],
  )
  const [row] = rows
  if (!row) throw new Error("an upsert answers its row")
  return toRecord(row)
}

/**
 * Gives the local account with this address to (issuer, subject), unless those have an account already or the address
 * is not unique. Only the case of ASCII letters does not matter: most collations make a "k" of the Kelvin sign, and would
 * give somebody else's account away. It happens once: afterwards the account is not local any more. Answers its id; null:
 * none was given.
 */
export async function linkLocalUser(
  transaction: Database,
  person: { issuer: string; subject: string; email: string },
): Promise<string | null> {
  const { rows } = await transaction.raw<{ rows: { id: string }[] }>(
    `UPDATE users SET issuer = ?, subject = ?
      WHERE issuer = 'local' AND lower(email COLLATE "C") = lower(? COLLATE "C")
        AND NOT EXISTS (SELECT 1 FROM users u WHERE u.issuer = ? AND u.subject = ?)
        AND (SELECT count(*) FROM users u WHERE u.issuer = 'local' AND lower(u.email COLLATE "C") = lower(? COLLATE "C")) = 1
      RETURNING id`,
    [person.issuer, person.subject, person.email, person.issuer, person.subject, person.email],
  )
  return rows[0]?.id ?? null
}

/** Of these users the ones who are not disabled, with their roles. */
export async function usersInForce(database: Database, ids: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await database.raw<{ rows: { id: string; role: string }[] }>(
    "SELECT id, role FROM users WHERE id = ANY(?) AND disabled_at IS NULL",
    [[...ids]],
  )
  return new Map(rows.map((row) => [row.id, row.role]))
}

/** Holds the user's row until the transaction ends. */
export async function lockUser(transaction: Database, id: string): Promise<void> {
  await transaction.raw("SELECT 1 FROM users WHERE id = ? FOR UPDATE", [id])
}

/** Notes when somebody signed in last, in milliseconds since the epoch. */
export async function noteSignIn(database: Database, id: string, at: number): Promise<void> {
  await database("users")
    .where({ id })
    .update({ last_sign_in_at: new Date(at) })
}

/** People in the order of their ids, after `cursor`; `q` is found in name or address. */
export async function listUsers(
  database: Database,
  query: { q?: string; cursor?: string; limit: number },
): Promise<UserRecord[]> {
  const found = database<Row>("users").orderBy("id").limit(query.limit)
  if (query.cursor !== undefined) found.where("id", ">", query.cursor)
  if (query.q !== undefined) {
    const pattern = `%${query.q.replace(/[\\%_]/g, "\\$&")}%`
    found.where((either) => either.whereILike("email", pattern).orWhereILike("name", pattern))
  }
  return (await found).map(toRecord)
}

/** Changes role, disabling or name of a user who is known to be there; answers him as he is then. */
export async function updateUser(
  transaction: Database,
  id: string,
  patch: { role?: string; disabled?: boolean; name?: string },
): Promise<UserRecord> {
  const { rows } = await transaction.raw<{ rows: Row[] }>(
    `UPDATE users SET role = COALESCE(?::text, role), name = COALESCE(?::text, name),
            disabled_at = CASE ?::boolean WHEN true THEN COALESCE(disabled_at, now()) WHEN false THEN NULL ELSE disabled_at END
      WHERE id = ? RETURNING *`,
    [patch.role ?? null, patch.name?.trim() ?? null, patch.disabled ?? null, id],
  )
  const [row] = rows
  if (!row) throw new Error("the user was found a moment ago")
  return toRecord(row)
}

/** Two administrators must not take away each other's rights at the same time. */
export async function lockAdministrators(transaction: Database): Promise<void> {
  await transaction.raw("SELECT 1 FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE")
}

/** How many administrators can sign in. */
export async function countAdministrators(transaction: Database): Promise<number> {
  const { rows } = await transaction.raw<{ rows: { count: number }[] }>(
    "SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL",
  )
  return rows[0]?.count ?? 0
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
