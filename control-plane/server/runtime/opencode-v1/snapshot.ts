import { setImmediate } from "node:timers/promises"
import { AppError } from "../../errors/index.ts"
import { fields, id, list } from "./clean.ts"
import type { PastMessage, Snapshot } from "./conversation.ts"
import { type AgentCalls, isTooLarge, parseBounded } from "./http.ts"
import { LIMITS } from "./limits.ts"
import { readMessage } from "./messages.ts"
import { charsOfPart, MESSAGE_CHARS } from "./outbox.ts"
import { readPart } from "./parts.ts"

type Page = { messages: readonly PastMessage[] | null; nextCursor: string | null; bytes: number }

/** The session's own conversation, and the directory that paths are told from. */
export interface HistoryReader {
  readonly rootId: string
  readonly directory: string
}

/** What is left for one reading of an agent, all its conversations together. */
interface Budget {
  /** To read: also of what is too large to be used. */
  bytes: number
  /** To hold until it is handed over. */
  chars: number
  messages: number
}

/**
 * What the agent knows about a conversation that was made a moment ago, after its events began to be kept: nothing.
 * Asking for it takes an agent that just started a quarter of a second, in which the first prompt waits.
 */
export function newSnapshot(rootId: string): Snapshot {
  return { sessionIds: [rootId], busySessionIds: new Set(), histories: [[]], permissions: [], questions: [], todos: [] }
}

/**
 * Reads what the agent knows about the conversation `rootId` and its sub-agents', within one budget for all of them. Taken
 * while events are already being buffered, so what happens meanwhile is not lost.
 * @throws AppError `agent_failed`
 */
export async function readSnapshot(http: AgentCalls, reader: HistoryReader, signal: AbortSignal): Promise<Snapshot> {
  const budget: Budget = {
    bytes: LIMITS.history_bytes_max,
    chars: LIMITS.history_chars_max,
    messages: LIMITS.history_messages_max,
  }
  const sessionIds = await readFamily(http, reader.rootId, budget, signal)
  const histories: PastMessage[][] = []
  for (const sessionId of sessionIds) histories.push(await readHistory(http, reader, sessionId, budget, signal))
  const [busySessionIds, permissions, questions, todos] = await Promise.all([
    readBusy(http, signal),
    readOk(http, "/permission", signal),
    readOk(http, "/question", signal),
    readOk(http, `/session/${reader.rootId}/todo`, signal),
  ])
  return {
    sessionIds,
    busySessionIds,
    histories,
    permissions: permissions.data,
    questions: questions.data,
    todos: todos.data,
  }
}

/** Ids of the texts that still grow, as far as a snapshot shows. */
export function growingTexts(snapshot: Snapshot): string[] {
  return snapshot.histories.flatMap((history) => {
    const last = history.findLast(({ head }) => head.message.role === "assistant")
    return (last?.parts ?? []).flatMap(({ open, part }) => (open && part.body.text !== undefined ? [part.id] : []))
  })
}

/** Ids of the conversations that work; idle ones are absent from OpenCode's answer. @throws AppError `agent_failed` */
export async function readBusy(http: AgentCalls, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { data } = await readOk(http, "/session/status", signal, LIMITS.status_bytes_max)
  const busy = Object.entries(fields(data)).filter(([, status]) => fields(status).type !== "idle")
  return new Set(busy.flatMap(([sessionId]) => id(sessionId, "ses") ?? []))
}

/** The newest messages of the session's own conversation, oldest first. @throws AppError `agent_failed` */
export async function readNewest(
  http: AgentCalls,
  reader: HistoryReader,
  signal: AbortSignal,
): Promise<readonly PastMessage[]> {
  // Twice too much, then a page that fits.
  const bytes = 3 * LIMITS.json_bytes_max
  const budget: Budget = { bytes, chars: LIMITS.history_chars_max, messages: LIMITS.page_messages }
  return await readHistory(http, reader, reader.rootId, budget, signal)
}

async function readFamily(http: AgentCalls, rootId: string, budget: Budget, signal: AbortSignal): Promise<string[]> {
  const family = [rootId]
  // Breadth first; a conversation met twice is not followed again.
  for (const parentId of family) {
    if (budget.bytes <= 0) break
    const { data, bytes } = await readOk(http, `/session/${parentId}/children`, signal)
    budget.bytes -= bytes
    for (const child of list(data, LIMITS.sub_agents_max)) {
      const childId = id(fields(child).id, "ses")
      if (childId !== undefined && !family.includes(childId) && family.length < LIMITS.sub_agents_max)
        family.push(childId)
    }
  }
  return family
}

/** Newest pages first, as the agent gives them out, until the budget is used up. */
async function readHistory(
  http: AgentCalls,
  reader: HistoryReader,
  sessionId: string,
  budget: Budget,
  signal: AbortSignal,
): Promise<PastMessage[]> {
  const pages: (readonly PastMessage[])[] = []
  let limit: number = LIMITS.page_messages
  let before: string | null = null
  while (budget.messages > 0 && budget.bytes > 0 && budget.chars > 0) {
    const page: Page = await readPage(http, reader, `/session/${sessionId}/message`, before, limit, signal)
    budget.bytes -= page.bytes
    if (page.messages === null && limit > 1) {
      // A page of huge messages is read in smaller steps.
      limit = Math.ceil(limit / 4)
      continue
    }
    // One huge message is passed over.
    const messages = page.messages ?? []
    pages.unshift(messages)
    budget.messages -= Math.max(1, messages.length)
    budget.chars -= messages.reduce((sum, message) => sum + charsOf(message), 0)
    limit = Math.min(LIMITS.page_messages, limit * 2)
    if (page.nextCursor === null || page.nextCursor === before || page.messages?.length === 0) break
    before = page.nextCursor
  }
  return pages.flat()
}

function charsOf({ parts }: PastMessage): number {
  return parts.reduce((sum, { part }) => sum + charsOfPart(part), MESSAGE_CHARS)
}

/** `messages` is null when the page is too large. What the agent said is forgotten here: only our terms are kept. */
async function readPage(
  http: AgentCalls,
  reader: HistoryReader,
  path: string,
  before: string | null,
  limit: number,
  signal: AbortSignal,
): Promise<Page> {
  const query = { limit: String(limit), ...(before === null ? {} : { before }) }
  const { status, body, nextCursor } = await http.page({ path, query, signal })
  if (status !== 200) throw refused(path, status)
  if (body === null) return { messages: null, nextCursor, bytes: LIMITS.json_bytes_max }
  try {
    const messages: PastMessage[] = []
    for (const raw of list(await parseBounded(body), limit)) {
      messages.push(...toPastMessage(raw, reader))
      await setImmediate()
    }
    return { messages, nextCursor, bytes: body.length }
  } catch (error) {
    if (isTooLarge(error)) return { messages: null, nextCursor, bytes: body.length }
    throw error
  }
}

/** An element of `GET /session/:id/message`; nothing when it is none. */
export function toPastMessage(raw: unknown, { rootId, directory }: HistoryReader): PastMessage[] {
  const { info, parts } = fields(raw)
  const head = readMessage(info, rootId)
  if (head === undefined) return []
  return [{ head, parts: (Array.isArray(parts) ? parts : []).flatMap((part) => readPart(part, directory) ?? []) }]
}

async function readOk(http: AgentCalls, path: string, signal: AbortSignal, bytes_max: number = LIMITS.list_bytes_max) {
  const answer = await http.json({ path, signal, bytes_max })
  if (answer.status !== 200) throw refused(path, answer.status)
  return answer
}

function refused(path: string, status: number): AppError {
  const message = status === 401 ? "The agent refused its password." : "The agent did not answer as expected."
  return new AppError("agent_failed", message, { detail: `${path}: ${status}` })
}
