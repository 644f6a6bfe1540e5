import { type Database, prepared } from "../../database/index.ts"

/** A login that is valid now, with the person behind it. */
export interface ActiveLogin {
  readonly id: string
  readonly method: string
  readonly lastSeenAt: number
  /** When the identity provider is to be asked whether it still holds; null: never. */
  readonly checkAt: number | null
  /** It was made with a password that has to be replaced first. */
  readonly mustChangePassword: boolean
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
  provider_sealed: Buffer | null
  provider_check_at: Date | null
  must_change_password: boolean
}

const TABLE = "logins"

/** Stores a login. */
export async function insertLogin(database: Database, row: LoginRow): Promise<void> {
  await database<LoginRow>(TABLE).insert(row)
}

const ACTIVE = `
  SELECT l.id, l.method, l.last_seen_at, l.provider_check_at, l.must_change_password,
         u.id AS user_id, u.email, u.name, u.role
    FROM logins l JOIN users u ON u.id = l.user_id
   WHERE l.idle_expires_at > ? AND l.expires_at > ? AND u.disabled_at IS NULL`

type ActiveRow = Pick<
  LoginRow,
  "id" | "method" | "last_seen_at" | "provider_check_at" | "must_change_password" | "user_id"
> &
  Pick<ActiveLogin, "email" | "name" | "role">

function toActive(row: ActiveRow): ActiveLogin {
  const { id, method, email, name, role, user_id: userId, must_change_password: mustChangePassword } = row
  const checkAt = row.provider_check_at?.getTime() ?? null
  const lastSeenAt = row.last_seen_at.getTime()
  return { id, method, lastSeenAt, checkAt, mustChangePassword, userId, email, name, role }
}

/** The login with this token, unless it is expired or its user disabled. */
export async function findActive(database: Database, tokenHash: Buffer, now: number): Promise<ActiveLogin | null> {
  const at = new Date(now)
  const sql = `${ACTIVE} AND l.token_hash = ?`
  const [row] = await prepared<ActiveRow>(database, "login by token", sql, [at, at, tokenHash])
  return row ? toActive(row) : null
}

/** Those of these logins that are valid now, by id. */
export async function findActiveIds(
  database: Database,
  ids: readonly string[],
  now: number,
): Promise<Map<string, ActiveLogin>> {
  const at = new Date(now)
  const { rows } = await database.raw<{ rows: ActiveRow[] }>(`${ACTIVE} AND l.id = ANY(?)`, [at, at, [...ids]])
  return new Map(rows.map((row) => [row.id, toActive(row)]))
}

/**
 * Takes the turn to ask the provider about a login: answers what is needed for it, or null when another process has it
 * or it is gone. The turn is over at `nextAt`, also when whoever took it dies.
 */
export async function takeCheck(
  database: Database,
  id: string,
  now: number,
  nextAt: number,
): Promise<{ userId: string; sealed: Buffer } | null> {
  const rows = await database<LoginRow>(TABLE)
    .where({ id })
    .where("provider_check_at", "<=", new Date(now))
    .update({ provider_check_at: new Date(nextAt) })
    .returning(["user_id", "provider_sealed"])
  const [row] = rows
  return row?.provider_sealed ? { userId: row.user_id, sealed: row.provider_sealed } : null
}

/** What the provider gave with a login, or null. */
export async function findProvider(database: Database, id: string): Promise<{ userId: string; sealed: Buffer } | null> {
  const row = await database<LoginRow>(TABLE).where({ id }).first("user_id", "provider_sealed")
  return row?.provider_sealed ? { userId: row.user_id, sealed: row.provider_sealed } : null
}

/** Replaces what the provider gave with a login, while that is still `was`; it is asked again at `checkAt`. */
export async function saveProvider(
  database: Database,
  id: string,
  was: Buffer,
  { sealed, checkAt }: { readonly sealed: Buffer; readonly checkAt: number },
): Promise<void> {
  await database<LoginRow>(TABLE)
    .where({ id, provider_sealed: was })
    .update({ provider_sealed: sealed, provider_check_at: new Date(checkAt) })
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

/** Puts another token in place of a login's, which no longer has to change a password. Null when it is gone. */
export async function replaceToken(database: Database, id: string, tokenHash: Buffer): Promise<LoginRow | null> {
  const rows = await database<LoginRow>(TABLE)
    .where({ id })
    .update({ token_hash: tokenHash, must_change_password: false })
    .returning("*")
  return rows[0] ?? null
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

/** Removes what has expired, but for what somebody else is at: two sign-ins must not wait for each other here. */
export async function deleteExpired(database: Database, now: number): Promise<void> {
  const at = new Date(now)
  await database.raw(
    `DELETE FROM logins WHERE id IN (
       SELECT id FROM logins WHERE expires_at < ? OR idle_expires_at < ? FOR UPDATE SKIP LOCKED)`,
    [at, at],
  )
}
