import { type Database, prepared } from "../../database/index.ts"

export interface TokenRow {
  id: string
  user_id: string
  name: string
  token_hash: Buffer
  scopes: string[]
  created_at: Date
  last_used_at: Date | null
  expires_at: Date
}

/** A token that is valid now, with the person behind it. */
export interface ActiveToken {
  readonly id: string
  readonly scopes: readonly string[]
  readonly lastUsedAt: Date | null
  readonly userId: string
  readonly email: string
  readonly name: string
  readonly role: string
}

const TABLE = "api_tokens"

/** Stores a token that nobody has seen yet. */
export async function insertToken(database: Database, row: TokenRow): Promise<void> {
  await database<TokenRow>(TABLE).insert(row)
}

/** How many tokens a user has, expired ones too. */
export async function countTokens(database: Database, userId: string): Promise<number> {
  const { rows } = await database.raw<{ rows: { count: number }[] }>(
    "SELECT count(*) FROM api_tokens WHERE user_id = ?",
    [userId],
  )
  return rows[0]?.count ?? 0
}

/** The token with this hash, unless it is expired or its user disabled. */
export async function findActiveToken(database: Database, hash: Buffer, now: number): Promise<ActiveToken | null> {
  const sql = `
    SELECT t.id, t.scopes, t.last_used_at AS "lastUsedAt", u.id AS "userId", u.email, u.name, u.role
      FROM api_tokens t JOIN users u ON u.id = t.user_id
     WHERE t.token_hash = ? AND t.expires_at > ? AND u.disabled_at IS NULL`
  const [row] = await prepared<ActiveToken>(database, "token by hash", sql, [hash, new Date(now)])
  return row ?? null
}

/** Of these tokens the valid ones, with their users' roles. */
export async function findActiveTokenIds(
  database: Database,
  ids: readonly string[],
  now: number,
): Promise<Map<string, string>> {
  const { rows } = await database.raw<{ rows: { id: string; role: string }[] }>(
    `SELECT t.id, u.role FROM api_tokens t JOIN users u ON u.id = t.user_id
      WHERE t.id = ANY(?) AND t.expires_at > ? AND u.disabled_at IS NULL`,
    [[...ids], new Date(now)],
  )
  return new Map(rows.map((row) => [row.id, row.role]))
}

/** A user's tokens, the newest first. */
export async function listTokens(database: Database, userId: string): Promise<TokenRow[]> {
  return await database<TokenRow>(TABLE).where({ user_id: userId }).orderBy("created_at", "desc")
}

/** Notes when a token was used last, in milliseconds since the epoch. */
export async function noteTokenUse(database: Database, id: string, at: number): Promise<void> {
  await database<TokenRow>(TABLE)
    .where({ id })
    .update({ last_used_at: new Date(at) })
}

/** How many went: 0 or 1. */
export async function deleteToken(database: Database, userId: string, id: string): Promise<number> {
  return await database<TokenRow>(TABLE).where({ id, user_id: userId }).delete()
}
