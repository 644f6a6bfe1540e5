import type { Database } from "../../database/types.ts"

/** A row of `linked_accounts`, mapped. Times are milliseconds since the epoch. */
export interface AccountRecord {
  readonly id: string
  readonly userId: string
  readonly provider: string
  readonly host: string
  readonly subject: string
  readonly login: string
  readonly name: string
  readonly email: string
  readonly tokensSealed: Buffer
  readonly accessExpiresAt: number | null
  readonly refreshExpiresAt: number | null
  readonly brokenReason: string | null
  readonly createdAt: number
}

/** An account as its host knows it. */
export type AccountKey = Pick<AccountRecord, "provider" | "host" | "subject">

interface Row {
  id: string
  user_id: string
  provider: string
  host: string
  subject: string
  login: string
  name: string
  email: string
  tokens_sealed: Buffer
  access_expires_at: Date | null
  refresh_expires_at: Date | null
  broken_reason: string | null
  created_at: Date
}

function toRecord(row: Row): AccountRecord {
  return {
    id: row.id,
    userId: row.user_id,
    provider: row.provider,
    host: row.host,
    subject: row.subject,
    login: row.login,
    name: row.name,
    email: row.email,
    tokensSealed: row.tokens_sealed,
    accessExpiresAt: row.access_expires_at?.getTime() ?? null,
    refreshExpiresAt: row.refresh_expires_at?.getTime() ?? null,
    brokenReason: row.broken_reason,
    createdAt: row.created_at.getTime(),
  }
}

const dateOf = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds))

/** A user's accounts, oldest first. */
export async function listAccounts(database: Database, userId: string): Promise<AccountRecord[]> {
  const sql = "SELECT * FROM linked_accounts WHERE user_id = ? ORDER BY created_at, id"
  const { rows } = await database.raw<{ rows: Row[] }>(sql, [userId])
  return rows.map(toRecord)
}

/** A user's account at a host; null when there is none. */
export async function findAccount(database: Database, userId: string, host: string): Promise<AccountRecord | null> {
  const sql = "SELECT * FROM linked_accounts WHERE user_id = ? AND host = ?"
  const { rows } = await database.raw<{ rows: Row[] }>(sql, [userId, host])
  return rows[0] === undefined ? null : toRecord(rows[0])
}

/** The accounts of all users that are one account of the host. */
export async function findAccountsOf(database: Database, key: AccountKey): Promise<AccountRecord[]> {
  const sql = "SELECT * FROM linked_accounts WHERE provider = ? AND host = ? AND subject = ?"
  const { rows } = await database.raw<{ rows: Row[] }>(sql, [key.provider, key.host, key.subject])
  return rows.map(toRecord)
}

/** One account; null when it is gone. */
export async function readAccount(database: Database, id: string): Promise<AccountRecord | null> {
  const { rows } = await database.raw<{ rows: Row[] }>("SELECT * FROM linked_accounts WHERE id = ?", [id])
  return rows[0] === undefined ? null : toRecord(rows[0])
}

type Held = Pick<AccountRecord, "id" | "tokensSealed">

/**
 * Takes the turn to renew these tokens, for `turn_ms` at most. False when another process has it, or the account has
 * other tokens by now.
 */
export async function takeRenewal(database: Database, { id, tokensSealed }: Held, turn_ms: number): Promise<boolean> {
  const { rowCount } = await database.raw<{ rowCount: number }>(
    `UPDATE linked_accounts SET renewing_until = now() + ? * interval '1 millisecond'
      WHERE id = ? AND tokens_sealed = ? AND broken_reason IS NULL AND coalesce(renewing_until < now(), true)`,
    [turn_ms, id, tokensSealed],
  )
  return rowCount > 0
}

/** Gives the turn back without new tokens. */
export async function endRenewal(database: Database, { id, tokensSealed }: Held): Promise<void> {
  const sql = "UPDATE linked_accounts SET renewing_until = NULL WHERE id = ? AND tokens_sealed = ?"
  await database.raw(sql, [id, tokensSealed])
}

/** Takes the place of the user's earlier account at the host, if there is one. */
export async function insertAccount(
  transaction: Database,
  account: Omit<AccountRecord, "brokenReason" | "createdAt">,
): Promise<{ stored: AccountRecord; earlier: AccountRecord | null }> {
  // One at a time for each user: who links twice at once would find no earlier account, and no place for his own.
  await transaction.raw("SELECT FROM users WHERE id = ? FOR NO KEY UPDATE", [account.userId])
  const former = await transaction.raw<{ rows: Row[] }>(
    "DELETE FROM linked_accounts WHERE user_id = ? AND host = ? RETURNING *",
    [account.userId, account.host],
  )
  const { rows } = await transaction.raw<{ rows: [Row] }>(
    `INSERT INTO linked_accounts (id, user_id, provider, host, subject, login, name, email, tokens_sealed,
       access_expires_at, refresh_expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    [
      ...[account.id, account.userId, account.provider, account.host, account.subject],
      ...[account.login, account.name, account.email, account.tokensSealed],
      ...[dateOf(account.accessExpiresAt), dateOf(account.refreshExpiresAt)],
    ],
  )
  const [earlier] = former.rows
  return { stored: toRecord(rows[0]), earlier: earlier === undefined ? null : toRecord(earlier) }
}

/** New tokens in place of those that the account `was` held; it works again. False when it holds others, or is gone. */
export async function saveTokens(
  database: Database,
  was: Held,
  tokens: Pick<AccountRecord, "tokensSealed" | "accessExpiresAt" | "refreshExpiresAt">,
): Promise<boolean> {
  const { rowCount } = await database.raw<{ rowCount: number }>(
    `UPDATE linked_accounts SET tokens_sealed = ?, access_expires_at = ?, refresh_expires_at = ?,
       broken_reason = NULL, renewing_until = NULL, refreshed_at = now() WHERE id = ? AND tokens_sealed = ?`,
    [
      ...[tokens.tokensSealed, dateOf(tokens.accessExpiresAt), dateOf(tokens.refreshExpiresAt)],
      ...[was.id, was.tokensSealed],
    ],
  )
  return rowCount > 0
}

/** The account has to be linked again, for this reason; unless it has other tokens by now. */
export async function breakAccount(database: Database, { id, tokensSealed }: Held, reason: string): Promise<void> {
  const sql = "UPDATE linked_accounts SET broken_reason = ?, renewing_until = NULL WHERE id = ? AND tokens_sealed = ?"
  await database.raw(sql, [reason, id, tokensSealed])
}

/** Removes a user's account and returns what it was; null when there is none. */
export async function deleteAccount(database: Database, userId: string, id: string): Promise<AccountRecord | null> {
  const sql = "DELETE FROM linked_accounts WHERE user_id = ? AND id = ? RETURNING *"
  const { rows } = await database.raw<{ rows: Row[] }>(sql, [userId, id])
  return rows[0] === undefined ? null : toRecord(rows[0])
}

/** A linking that was begun. */
export interface LinkAttempt {
  readonly stateHash: Buffer
  readonly userId: string
  readonly provider: string
  readonly verifierSealed: Buffer
}

// More than a person begins at the same time.
const ATTEMPTS_MAX = 20

/** Remembers a linking for `life_ms`, and forgets those that were never finished and a user's oldest ones. */
export async function insertAttempt(database: Database, attempt: LinkAttempt, life_ms: number): Promise<void> {
  await database.raw("DELETE FROM link_attempts WHERE expires_at < now()")
  await database.raw(
    `INSERT INTO link_attempts (state_hash, user_id, provider, verifier_sealed, expires_at)
     VALUES (?, ?, ?, ?, now() + ? * interval '1 millisecond')`,
    [attempt.stateHash, attempt.userId, attempt.provider, attempt.verifierSealed, life_ms],
  )
  await database.raw(
    `DELETE FROM link_attempts WHERE user_id = :user AND state_hash NOT IN
       (SELECT state_hash FROM link_attempts WHERE user_id = :user ORDER BY expires_at DESC LIMIT :max)`,
    { user: attempt.userId, max: ATTEMPTS_MAX },
  )
}

/** Takes an attempt away, so that it counts once on whichever replica; null when it is unknown, used or too old. */
export async function takeAttempt(database: Database, stateHash: Buffer): Promise<LinkAttempt | null> {
  const { rows } = await database.raw<{
    rows: { user_id: string; provider: string; verifier_sealed: Buffer; alive: boolean }[]
  }>("DELETE FROM link_attempts WHERE state_hash = ? RETURNING *, expires_at > now() AS alive", [stateHash])
  const [row] = rows
  if (row === undefined || !row.alive) return null
  return { stateHash, userId: row.user_id, provider: row.provider, verifierSealed: row.verifier_sealed }
}
