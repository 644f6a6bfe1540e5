import { withTransaction } from "../database/index.ts"
import type { Database } from "../database/types.ts"
import type { ArtifactFile, ArtifactName, Artifacts, KeptSession } from "./types.ts"

interface Row {
  owner_id: string
  visibility: Artifacts["visibility"]
  files: ArtifactFile[]
  due_at: Date | null
  last_error: string | null
  asked_generation: number | null
  patch_missing: PatchMissing | null
}

/** Why the agent's changes are not there. */
export interface PatchMissing {
  readonly at: number
  readonly why: string
}

/** What is written down of a session. */
export interface ArtifactRecord extends Artifacts {
  readonly askedGeneration: number | null
  readonly patchMissing: PatchMissing | null
}

/** A file with its content, to be put down. */
export interface NewFile extends ArtifactFile {
  readonly content: Buffer
}

/** Null when nothing is kept of the session. */
export async function findRecord(database: Database, sessionId: string): Promise<ArtifactRecord | null> {
  const { rows } = await database.raw<{ rows: Row[] }>(
    `SELECT owner_id, visibility, files, due_at, last_error, asked_generation, patch_missing
     FROM artifacts WHERE session_id = ?`,
    [sessionId],
  )
  const [row] = rows
  if (row === undefined) return null
  return {
    ownerId: row.owner_id,
    visibility: row.visibility,
    files: row.files,
    state: row.due_at === null ? "written" : "waiting",
    trouble: row.last_error,
    askedGeneration: row.asked_generation,
    patchMissing: row.patch_missing,
  }
}

/** A file that waits to be written; null when it does not. */
export async function findContent(database: Database, sessionId: string, name: ArtifactName): Promise<Buffer | null> {
  const { rows } = await database.raw<{ rows: { content: Buffer }[] }>(
    "SELECT content FROM artifact_files WHERE session_id = ? AND name = ?",
    [sessionId, name],
  )
  return rows[0]?.content ?? null
}

/**
 * The same for a reader: only what the record lists. An agent's answer to the next stop waits here as well, and has
 * another length than what is listed until then.
 */
export async function findListedContent(
  database: Database,
  sessionId: string,
  name: ArtifactName,
): Promise<Buffer | null> {
  const { rows } = await database.raw<{ rows: { content: Buffer }[] }>(
    `SELECT f.content FROM artifact_files f JOIN artifacts a USING (session_id)
     WHERE f.session_id = ? AND f.name = ? AND f.generation <= a.generation`,
    [sessionId, name],
  )
  return rows[0]?.content ?? null
}

/** Of what waits to be written, but for one session's. */
export async function waitingBytes(database: Database, exceptSessionId: string): Promise<number> {
  const { rows } = await database.raw<{ rows: [{ bytes: string }] }>(
    "SELECT coalesce(sum(length(content)), 0) AS bytes FROM artifact_files WHERE session_id <> ?",
    [exceptSessionId],
  )
  return Number(rows[0].bytes)
}

/** Who may read a session now: the driver's record may be from before a change. The session is there: its row is locked. */
export async function readReaders(
  transaction: Database,
  sessionId: string,
): Promise<Pick<KeptSession, "ownerId" | "visibility">> {
  const { rows } = await transaction.raw<{ rows: [Pick<KeptSession, "ownerId" | "visibility">] }>(
    `SELECT owner_id AS "ownerId", visibility FROM sessions WHERE id = ?`,
    [sessionId],
  )
  return rows[0]
}

/** Notes that the agent was asked, with what it said. */
export async function storeAsked(
  transaction: Database,
  session: KeptSession,
  { file, missing }: { file: NewFile | null; missing: PatchMissing | null },
): Promise<void> {
  await transaction.raw(
    `INSERT INTO artifacts (session_id, owner_id, visibility, generation, asked_generation, patch_missing)
     VALUES (:id, :owner, :visibility, 0, :generation, CAST(:missing AS jsonb))
     ON CONFLICT (session_id) DO UPDATE SET
       asked_generation = EXCLUDED.asked_generation, patch_missing = EXCLUDED.patch_missing`,
    {
      id: session.id,
      owner: session.ownerId,
      visibility: session.visibility,
      generation: session.generation,
      missing: missing === null ? null : JSON.stringify(missing),
    },
  )
  if (file !== null) await storeFile(transaction, session, file)
}

/** Puts files down for writing, from now on due. `files` is all that there is then, also what was written before. */
export async function storeKept(
  transaction: Database,
  session: KeptSession,
  kept: { waiting: readonly NewFile[]; files: readonly ArtifactFile[] },
): Promise<void> {
  await transaction.raw(
    `INSERT INTO artifacts (session_id, owner_id, visibility, generation, files, due_at)
     VALUES (:id, :owner, :visibility, :generation, CAST(:files AS jsonb), now())
     ON CONFLICT (session_id) DO UPDATE SET
       owner_id = EXCLUDED.owner_id, visibility = EXCLUDED.visibility, generation = EXCLUDED.generation,
       files = EXCLUDED.files, due_at = EXCLUDED.due_at, attempts = 0, last_error = NULL`,
    {
      id: session.id,
      owner: session.ownerId,
      visibility: session.visibility,
      generation: session.generation,
      files: JSON.stringify(kept.files),
    },
  )
  for (const file of kept.waiting) await storeFile(transaction, session, file)
}

async function storeFile(transaction: Database, session: KeptSession, { name, content }: NewFile): Promise<void> {
  await transaction.raw(
    `INSERT INTO artifact_files (session_id, name, generation, content) VALUES (:id, :name, :generation, :content)
     ON CONFLICT (session_id, name) DO UPDATE SET generation = EXCLUDED.generation, content = EXCLUDED.content`,
    { id: session.id, name, generation: session.generation, content },
  )
}

/** One session whose files are to be written by whoever has claimed them. */
export interface Claim {
  readonly sessionId: string
  readonly generation: number
  readonly attempts: number
}

/** The one that is due the longest. Nobody else gets it for `hold_s`, whatever becomes of us. Null when none is due. */
export async function claimDue(database: Database, hold_s: number): Promise<Claim | null> {
  const { rows } = await database.raw<{ rows: { session_id: string; generation: number; attempts: number }[] }>(
    `UPDATE artifacts SET due_at = now() + make_interval(secs => ?), attempts = attempts + 1
     WHERE session_id = (
       SELECT session_id FROM artifacts WHERE due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
     )
     RETURNING session_id, generation, attempts`,
    [hold_s],
  )
  const [row] = rows
  return row === undefined ? null : { sessionId: row.session_id, generation: row.generation, attempts: row.attempts }
}

/** Names of what waits for this claim; what is of a later stop waits for its own. */
export async function waitingNames(database: Database, { sessionId, generation }: Claim): Promise<ArtifactName[]> {
  const { rows } = await database.raw<{ rows: { name: ArtifactName }[] }>(
    "SELECT name FROM artifact_files WHERE session_id = ? AND generation <= ?",
    [sessionId, generation],
  )
  return rows.map(({ name }) => name)
}

/** The store has what was claimed: it need not wait here any more. */
export async function settleClaim(database: Database, { sessionId, generation }: Claim): Promise<void> {
  await withTransaction(database, async (transaction) => {
    await transaction.raw(
      `UPDATE artifacts SET due_at = NULL, last_error = NULL, written_at = now()
       WHERE session_id = ? AND generation = ?`,
      [sessionId, generation],
    )
    await transaction.raw("DELETE FROM artifact_files WHERE session_id = ? AND generation <= ?", [
      sessionId,
      generation,
    ])
  })
}

/** To be tried again after `wait_s`. */
export async function postponeClaim(
  database: Database,
  { sessionId, generation }: Claim,
  { wait_s, error }: { wait_s: number; error: string },
): Promise<void> {
  await database.raw(
    `UPDATE artifacts SET due_at = now() + make_interval(secs => :wait_s), last_error = :error
     WHERE session_id = :sessionId AND generation = :generation`,
    { sessionId, generation, wait_s, error },
  )
}
