import type { Database } from "../../database/types.ts"
import { AppError } from "../../errors/index.ts"
import type { Visibility } from "../../settings/types.ts"
import { visibleTo } from "../permissions.ts"
import type { SessionQuery } from "../service-types.ts"
import type { SessionRecord, SessionStatus, StartStep } from "../types.ts"
import { SELECT_SESSION, type SessionRow, type StoredSession, toSession } from "./rows.ts"

export interface NewSession {
  readonly id: string
  readonly ownerId: string
  readonly title: string
  readonly visibility: Visibility
  readonly repository: SessionRecord["repository"]
  readonly profile: string | null
  readonly binding: SessionRecord["binding"]
  readonly environmentFiles: readonly string[]
  readonly environmentSealed: Buffer | null
  readonly tags: Readonly<Record<string, string>>
  readonly steps: readonly StartStep[]
  readonly idempotency: { readonly key: string; readonly hash: Buffer } | null
}

/** Null when there is none. */
export async function findSession(database: Database, id: string): Promise<StoredSession | null> {
  const { rows } = await database.raw<{ rows: SessionRow[] }>(`${SELECT_SESSION} WHERE s.id = ?`, [id])
  return rows[0] === undefined ? null : toSession(rows[0])
}

/** In no particular order; those that are gone are left out. */
export async function findSessions(database: Database, ids: readonly string[]): Promise<StoredSession[]> {
  if (ids.length === 0) return []
  const { rows } = await database.raw<{ rows: SessionRow[] }>(`${SELECT_SESSION} WHERE s.id = ANY (?)`, [[...ids]])
  return rows.map(toSession)
}

/** What decides about access, by session id. */
export async function readProtection(
  database: Database,
  ids: readonly string[],
): Promise<Map<string, Pick<StoredSession, "ownerId" | "visibility">>> {
  const { rows } = await database.raw<{ rows: { id: string; owner_id: string; visibility: Visibility }[] }>(
    "SELECT id, owner_id, visibility FROM sessions WHERE id = ANY (?)",
    [[...ids]],
  )
  return new Map(rows.map((row) => [row.id, { ownerId: row.owner_id, visibility: row.visibility }]))
}

/** Ids of the sessions that a principal finds in lists, the newest first. */
export async function listVisibleIds(
  database: Database,
  principal: Parameters<typeof visibleTo>[0],
  limit: number,
): Promise<string[]> {
  const { own, everyExistence } = visibleTo(principal)
  const { rows } = await database.raw<{ rows: { id: string }[] }>(
    `SELECT id FROM sessions WHERE owner_id = ? OR visibility = 'public' OR ? ORDER BY created_at DESC LIMIT ?`,
    [own, everyExistence, limit],
  )
  return rows.map((row) => row.id)
}

/** The user's settings, under a lock that makes concurrent creations of one user wait for each other. */
export async function lockOwner(transaction: Database, ownerId: string): Promise<{ settings: unknown }> {
  const { rows } = await transaction.raw<{ rows: { settings: unknown }[] }>(
    "SELECT settings FROM users WHERE id = ? AND disabled_at IS NULL FOR UPDATE",
    [ownerId],
  )
  if (rows[0] === undefined) throw new AppError("unauthenticated", "This account is no longer active.")
  return rows[0]
}

/** How many sessions of this user have a volume. */
export async function countVolumes(transaction: Database, ownerId: string): Promise<number> {
  const { rows } = await transaction.raw<{ rows: { count: number }[] }>(
    "SELECT count(*) FROM sessions WHERE owner_id = ? AND desired <> 'deleted'",
    [ownerId],
  )
  return rows[0]?.count ?? 0
}

/** Sessions of one user that run or are to run. Failed ones hold nothing and do not count. */
export async function countActive(transaction: Database, ownerId: string): Promise<number> {
  const { rows } = await transaction.raw<{ rows: { count: number }[] }>(
    `SELECT count(*) FROM sessions
     WHERE owner_id = ? AND desired = 'running' AND failed_generation IS DISTINCT FROM generation`,
    [ownerId],
  )
  return rows[0]?.count ?? 0
}

/** The session that this owner made with the key, and the hash of what was asked for then. */
export async function findByIdempotencyKey(
  transaction: Database,
  ownerId: string,
  key: string,
): Promise<{ id: string; hash: Buffer } | null> {
  const { rows } = await transaction.raw<{ rows: { id: string; hash: Buffer }[] }>(
    "SELECT id, idempotency_hash AS hash FROM sessions WHERE owner_id = ? AND idempotency_key = ?",
    [ownerId, key],
  )
  return rows[0] ?? null
}

/** Stores a session that is to run, and tells the engines when the transaction commits. */
export async function insertSession(transaction: Database, session: NewSession): Promise<void> {
  await transaction("sessions").insert({
    id: session.id,
    owner_id: session.ownerId,
    title: session.title,
    visibility: session.visibility,
    desired: "running",
    status: "creating",
    steps: JSON.stringify(session.steps),
    repository_url: session.repository?.url ?? null,
    repository_ref: session.repository?.ref ?? null,
    repository_depth: session.repository?.depth ?? null,
    repository_submodules: session.repository?.submodules ?? false,
    profile: session.profile,
    binding: session.binding === null ? null : JSON.stringify(session.binding),
    environment_files: JSON.stringify(session.environmentFiles),
    environment_sealed: session.environmentSealed,
    tags: JSON.stringify(session.tags),
    idempotency_key: session.idempotency?.key ?? null,
    idempotency_hash: session.idempotency?.hash ?? null,
  })
  await notifySession(transaction, session.id)
}

/** Tells every replica that a session's row changed. Sent when the transaction commits. */
async function notifySession(database: Database, id: string): Promise<void> {
  await database.raw("SELECT pg_notify('berth_sessions', ?)", [id])
}

/** Changes what people call it and who may see it. */
export async function updateDetails(
  database: Database,
  id: string,
  patch: { title?: string; visibility?: Visibility; tags?: Readonly<Record<string, string>> },
): Promise<void> {
  const { tags, ...plain } = patch
  await database("sessions")
    .where({ id })
    .update({ ...plain, ...(tags === undefined ? {} : { tags: JSON.stringify(tags) }), updated_at: database.fn.now() })
  await notifySession(database, id)
}

/** What a person's wish changes in the row. Every wish is a new generation, so that it outlives an earlier failure. */
export interface Wish {
  readonly desired: "running" | "stopped" | "deleted"
  readonly status: SessionStatus
  readonly steps?: readonly StartStep[]
}

/** Keeps the desired state of a session as it is until the end of the transaction. */
export async function lockWish(transaction: Database, id: string): Promise<void> {
  await transaction.raw("SELECT FROM sessions WHERE id = ? FOR NO KEY UPDATE", [id])
}

/** Stores a wish unless the session is to be deleted already. Returns whether it was stored. */
export async function wish(database: Database, id: string, { desired, status, steps }: Wish): Promise<boolean> {
  const { rows } = await database.raw<{ rows: unknown[] }>(
    `UPDATE sessions
     SET desired = :desired, status = :status, generation = generation + 1, pending = true, reason = NULL,
       steps = coalesce(CAST(:steps AS jsonb), steps), last_active_at = now(), updated_at = now()
     WHERE id = :id AND desired <> 'deleted'
     RETURNING pg_notify('berth_sessions', id)`,
    { id, desired, status, steps: steps === undefined ? null : JSON.stringify(steps) },
  )
  return rows.length > 0
}

export interface ListFilter extends SessionQuery {
  /** From `visibleTo`. */
  readonly visible: { readonly own: string; readonly everyExistence: boolean }
}

/**
 * Newest first. Who only learns that a session exists must not find it by its words: with a search or a tag the sessions
 * of others count only when they are public.
 */
export async function listSessions(database: Database, filter: ListFilter): Promise<StoredSession[]> {
  const conditions: string[] = []
  const values: Record<string, string | number> = { limit: filter.limit }
  const add = (condition: string, named: Record<string, string> = {}) => {
    conditions.push(condition)
    Object.assign(values, named)
  }
  const byWords = filter.q !== undefined || Object.keys(filter.tags).length > 0
  if (!filter.visible.everyExistence || byWords) {
    add("(s.owner_id = :own OR s.visibility = 'public')", { own: filter.visible.own })
  }
  if (filter.visibility !== undefined) add("s.visibility = :visibility", { visibility: filter.visibility })
  if (filter.status !== undefined) add("s.status = :status", { status: filter.status })
  if (filter.owner !== undefined) add("s.owner_id = :owner", { owner: filter.owner })
  if (filter.q !== undefined) add("s.title ILIKE :q", { q: `%${filter.q.replace(/[\\%_]/g, "\\$&")}%` })
  if (Object.keys(filter.tags).length > 0) add("s.tags @> CAST(:tags AS jsonb)", { tags: JSON.stringify(filter.tags) })
  if (filter.cursor !== undefined) {
    const [at = "", id = ""] = decodeCursor(filter.cursor)
    add("(s.created_at, s.id) < (CAST(:at AS timestamptz), :id)", { at, id })
  }
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`
  const { rows } = await database.raw<{ rows: SessionRow[] }>(
    `${SELECT_SESSION} ${where} ORDER BY s.created_at DESC, s.id DESC LIMIT :limit`,
    values,
  )
  return rows.map(toSession)
}

/** Where a page of the list ended, opaque to callers. */
export function encodeCursor(session: StoredSession): string {
  return Buffer.from(session.cursor).toString("base64url")
}

function decodeCursor(cursor: string): string[] {
  const parts = Buffer.from(cursor, "base64url").toString("utf8").split("|")
  const [at = "", id = ""] = parts
  if (parts.length !== 2 || !CURSOR_TIME.test(at) || !isDay(at.slice(0, 10)) || !/^\w{1,128}$/.test(id)) {
    throw new AppError("invalid_request", "This cursor is not from a list of sessions.")
  }
  return parts
}

// As PostgreSQL writes a time. It has no year 0 and refuses a day or an hour that there is not.
const CURSOR_TIME =
  /^(?!0000)\d{4}-\d\d-\d\d ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?[+-](0\d|1[0-4])(:[0-5]\d){0,2}$/

function isDay(text: string): boolean {
  const at = Date.parse(text)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text)
}
