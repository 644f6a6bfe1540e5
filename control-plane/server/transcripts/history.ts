import { type Database, translateDatabaseError } from "../database/index.ts"
import { foldText } from "./fold.ts"
import { byPartId, type LoggedDelta, readDeltas, readNotices } from "./log-store.ts"
import { readHeadSeq, readNewestParts, readPage, readParts, type StoredPart } from "./message-store.ts"
import { isGrowing } from "./plan.ts"
import type { Message, Notice, Part } from "./types.ts"

/** Of the newest page. */
const NOTICES_MAX = 20

/** What the parts of one page may come to: an answer and its making take several times as much memory. */
const PAGE_CHARS_MAX = 8 * 1024 * 1024

/**
 * A page of messages as they are at event `lastSeq`: all is read from one snapshot of the database, and the deltas of
 * texts that still grow are put on top of what is stored. A page of very long messages ends early; a message too long for
 * any page has its newest parts.
 * @throws AppError `unavailable`
 */
export async function readHistory(
  database: Database,
  sessionId: string,
  page: { before?: number; limit: number },
): Promise<{ items: Message[]; nextCursor: string | null; lastSeq: number; notices?: Notice[] }> {
  try {
    return await database.transaction(
      async (transaction) => {
        const lastSeq = await readHeadSeq(transaction, sessionId)
        const found = await readPage(transaction, sessionId, page.before ?? null, page.limit + 1)
        const asked = found.slice(-page.limit)
        const ids = asked.map(({ id }) => id)
        const { parts, cut } = await readNewestParts(transaction, sessionId, ids, PAGE_CHARS_MAX)
        // The message that did not fit as a whole begins the next page, unless it is a page by itself.
        const headers = asked.slice(Math.min(ids.indexOf(cut ?? "") + 1, ids.length - 1))
        const whole = byMessage(await completed(transaction, sessionId, parts))
        const items = headers.map(({ position: _, ...header }) => ({ ...header, parts: whole.get(header.id) ?? [] }))
        const nextCursor = found.length > headers.length ? String(headers[0]?.position) : null
        if (page.before !== undefined) return { items, nextCursor, lastSeq }
        return { items, nextCursor, lastSeq, notices: await readNotices(transaction, sessionId, NOTICES_MAX) }
      },
      { isolationLevel: "repeatable read", readOnly: true },
    )
  } catch (error) {
    throw translateDatabaseError(error)
  }
}

function byMessage(whole: readonly StoredPart[]): Map<string, Part[]> {
  const found = new Map<string, Part[]>()
  for (const { messageId, seq: _, ...part } of whole) {
    const parts = found.get(messageId)
    if (parts === undefined) found.set(messageId, [part])
    else parts.push(part)
  }
  return found
}

/** By the ids of parts, their texts as far as they have come. @throws AppError `unavailable` */
export async function readTexts(
  database: Database,
  sessionId: string,
  partIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  try {
    const whole = await completed(database, sessionId, await readParts(database, sessionId, partIds, "id"))
    return new Map(whole.flatMap(({ id, body }) => (body.text === undefined ? [] : [[id, body.text]])))
  } catch (error) {
    throw translateDatabaseError(error)
  }
}

/** Puts the deltas of the log on top of growing texts. */
export async function completed(
  database: Database,
  sessionId: string,
  parts: readonly StoredPart[],
): Promise<StoredPart[]> {
  const growing = parts.filter(isGrowing)
  if (growing.length === 0) return [...parts]
  return withDeltas(parts, await readDeltas(database, sessionId, growing))
}

/** The parts with the deltas on top that came after each growing text's own event. */
export function withDeltas(parts: readonly StoredPart[], deltas: readonly LoggedDelta[]): StoredPart[] {
  const byPart = byPartId(deltas)
  return parts.map((part) => {
    const own = isGrowing(part) ? byPart.get(part.id)?.filter(({ seq }) => seq > part.seq) : undefined
    if (own === undefined || own.length === 0) return part
    return { ...part, body: { ...part.body, text: foldText(part.body.text ?? "", own) } }
  })
}
