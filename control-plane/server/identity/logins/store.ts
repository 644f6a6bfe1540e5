import type { Database } from "../../database/index.ts"

/** A login that is valid now, with the person behind it. */
export interface ActiveLogin {
  readonly id: string
  readonly method: string
  readonly lastSeenAt: number
  readonly userId: string
  readonly email: string
  readonly name: string
  readonly role: string
}

export interface LoginRow {
  id: string
  user_id: string
  token_hash: Buffer
  method: string
  user_agent: string
  address: string
  created_at: Date
  last_seen_at: Date
  idle_expires_at: Date
  expires_at: Date
}

const TABLE = "logins"

export async function insertLogin(database: Database, row: LoginRow): Promise<void> {
  await database<LoginRow>(TABLE).insert(row)
}

/** The login with this token, unless it is expired or its user disabled. */
export async function findActive(database: Database, tokenHash: Buffer, now: number): Promise<ActiveLogin | null> {
  const { rows } = await database.raw<{ rows: (Omit<ActiveLogin, "lastSeenAt"> & { lastSeenAt: Date })[] }>(
    `SELECT l.id, l.method, l.last_seen_at AS "lastSeenAt", u.id AS "userId", u.email, u.name, u.role
       FROM logins l JOIN users u ON u.id = l.user_id
      WHERE l.token_hash = ? AND l.idle_expires_at > ? AND l.expires_at > ? AND u.disabled_at IS NULL`,
    [tokenHash, new Date(now), new Date(now)],
  )
  const [row] = rows
  return row ? { ...row, lastSeenAt: row.lastSeenAt.getTime() } : null
}

/** Which of these logins are valid now and belong to a user who still has the role named beside them. */
export async function findActiveIds(
  database: Database,
  ids: readonly string[],
  now: number,
): Promise<Map<string, string>> {
  const { rows } = await database.raw<{ rows: { id: string; role: string }[] }>(
    `SELECT l.id, u.role FROM logins l JOIN users u ON u.id = l.user_id
      WHERE l.id = ANY(?) AND l.idle_expires_at > ? AND l.expires_at > ? AND u.disabled_at IS NULL`,
    [[...ids], new Date(now), new Date(now)],
  )
  return new Map(rows.map((row) => [row.id, row.role]))
}

/** Moves the idle expiry, never beyond the absolute one. */
export async function touch(database: Database, id: string, seenAt: number, idleExpiresAt: number): Promise<void> {
  await database<LoginRow>(TABLE)
    .where({ id })
    .update({
      last_seen_at: new Date(seenAt),
      idle_expires_at: database.raw("LEAST(expires_at, ?::timestamptz)", [new Date(idleExpiresAt)]),
    })
}

/** A user's valid logins, the one used last first. */
export async function listLogins(database: Database, userId: string, now: number): Promise<LoginRow[]> {
  return await database<LoginRow>(TABLE)
    .where({ user_id: userId })
    .where("idle_expires_at", ">", new Date(now))
    .where("expires_at", ">", new Date(now))
    .orderBy("last_seen_at", "desc")
    .limit(200)
}

/** How many went. */
export async function deleteLogins(
  database: Database,
  which: { userId: string; id?: string; except?: string | null } | { tokenHash: Buffer },
): Promise<number> {
  const query = database<LoginRow>(TABLE)
  if ("tokenHash" in which) return await query.where({ token_hash: which.tokenHash }).delete()
  query.where({ user_id: which.userId })
  if (which.id !== undefined) query.where({ id: which.id })
  if (which.except) query.whereNot({ id: which.except })
  return await query.delete()
}

/** Removes what has expired. */
export async function deleteExpired(database: Database, now: number): Promise<void> {
  await database<LoginRow>(TABLE)
    .where("expires_at", "<", new Date(now))
    .orWhere("idle_expires_at", "<", new Date(now))
    .delete()
}
